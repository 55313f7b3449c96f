"""``python -m heatcam``."""

from heatcam.cli import main

if __name__ == "__main__":
    main()
