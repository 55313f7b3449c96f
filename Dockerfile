# heatcam serve in a container: docs/serve.md says how it is run.
# Slim, CPU wheels, no root, no writing outside of /tmp, and nothing fetched once it is built.
ARG PYTHON=3.11
FROM python:${PYTHON}-slim AS build
# PyTorch's CPU wheels, which carry no CUDA; the lock file pins their version.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
WORKDIR /src
COPY container container
RUN python -m venv /opt/heatcam \
 && pip install --no-cache-dir --no-deps --require-hashes -r container/build.lock \
 && /opt/heatcam/bin/pip install --no-cache-dir --no-deps --index-url "$TORCH_INDEX" -r container/torch.lock \
 && /opt/heatcam/bin/pip install --no-cache-dir --no-deps --require-hashes -r container/requirements.lock
COPY . .
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/heatcam/bin/pip install --no-cache-dir --no-deps /wheels/*.whl

FROM python:${PYTHON}-slim
COPY --from=build /opt/heatcam /opt/heatcam
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin heatcam
USER heatcam
# The root file system may be read-only: all that is remembered or recorded goes to /tmp, and with the container.
ENV PATH=/opt/heatcam/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    HEATCAM_CACHE_DIR=/tmp/heatcam/cache \
    HEATCAM_CONFIG_DIR=/tmp/heatcam/config \
    MPLCONFIGDIR=/tmp/heatcam/matplotlib
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/v2/health/ready', timeout=4)"]
ENTRYPOINT ["heatcam", "serve", "--host", "0.0.0.0", "--port", "8000"]
