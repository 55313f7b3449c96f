from .escaping import escaped_in_json as escaped_in_json
from .escaping import json_text as json_text
from .escaping import printable as printable
from .suggestions import did_you_mean as did_you_mean
from .suggestions import question as question
from .suggestions import similar_files as similar_files
