"""Text for people: names from outside made safe to print, and what a mistyped one probably meant."""
