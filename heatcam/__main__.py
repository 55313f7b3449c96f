"""Entry point of ``python -m heatcam`` and of the ``heatcam`` command."""

try:
    from heatcam.runtime import stopping

    stopping.install()
    from heatcam.cli import main
except KeyboardInterrupt:  # within the few milliseconds before signals are handled
    import os

    os.write(2, b"heatcam: stopped\n")
    os._exit(130)

if __name__ == "__main__":
    main()
