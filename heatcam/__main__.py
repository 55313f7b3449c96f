"""``python -m heatcam``, and what the ``heatcam`` command calls."""

try:
    from heatcam.runtime import stopping

    stopping.install()
    from heatcam.cli import main
except KeyboardInterrupt:  # within the few milliseconds before signals are taken over
    import os

    os.write(2, b"heatcam: stopped\n")
    os._exit(130)

if __name__ == "__main__":
    main()
