# The image of the product: the steps in a virtual environment, run by an unnamed user, without a shell.
#
#   docker build -t canary-steps .
#   docker build --build-arg BASE=python:3.13-slim@sha256:… .    pinned, as releases do
#   docker build --build-arg RUNTIME=… .                         another final stage, with the same Python at the same path
#
# It needs no BuildKit. BASE may be any image with Python 3.11 or newer and its venv module.
ARG BASE=python:3.13-slim
ARG RUNTIME=${BASE}

FROM ${BASE} AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_QUIET=1
WORKDIR /source
# pip and the build backend stay in a separate environment and never reach the image. The backend is installed from its
# entries in the development lock, with their hashes. Nothing here loads the asynchronous half of the Kubernetes client,
# nor its generated API classes: they are removed, and packages that only they need are not installed.
COPY requirements.lock requirements-dev.lock ./
RUN python3 -m venv /tools \
 && python3 -m venv --without-pip /opt/canary-steps \
 && awk '/^[a-z]/ { unused = /^(aio[a-z-]+|attrs|frozenlist|multidict|propcache|yarl)==/ } !unused' requirements.lock > product.lock \
 && /tools/bin/pip --python /opt/canary-steps/bin/python install --no-compile --no-deps --require-hashes --only-binary :all: \
      --requirement product.lock \
 && awk '/^[a-z]/ { wanted = /^(hatchling|packaging|pathspec|pluggy|trove-classifiers)==/ } wanted' requirements-dev.lock > backend.lock \
 && /tools/bin/pip install --no-deps --require-hashes --requirement backend.lock
# Bytecode is compiled now, since nothing can be written later. Python does not compare it with the sources.
RUN cd /opt/canary-steps/lib/python3*/site-packages \
 && rm -rf kubernetes/aio kubernetes/client/api kubernetes/e2e_test kubernetes/docs */tests */test \
 && find . -name '*.pyi' -delete \
 && /opt/canary-steps/bin/python -m compileall -q --invalidation-mode unchecked-hash .
COPY pyproject.toml README.md LICENSE ./
COPY steps steps
RUN /tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /tools/bin/pip --python /opt/canary-steps/bin/python install --no-compile --no-deps --no-index /wheels/*.whl \
 && /opt/canary-steps/bin/python -m compileall -q --invalidation-mode unchecked-hash \
      /opt/canary-steps/lib/python3*/site-packages/steps

FROM ${RUNTIME}
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="canary-steps" \
      org.opencontainers.image.description="Automated canary analysis for Istio without an operator" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# The base brings programs that run with the rights of their owner, such as su and mount; no step calls one. Written
# for Python, since a RUNTIME may have no shell.
USER 0
RUN ["python3", "-c", "import os, stat\n\
for root in ('/usr', '/bin', '/sbin', '/lib', '/opt'):\n\
    for folder, _, names in os.walk(root):\n\
        for path in (os.path.join(folder, name) for name in names):\n\
            mode = os.lstat(path).st_mode\n\
            if stat.S_ISREG(mode) and mode & 0o6000: os.chmod(path, mode & 0o1777)\n"]
COPY --from=builder /opt/canary-steps /opt/canary-steps
ENV PATH=/opt/canary-steps/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /tmp
USER 65532:65532
ENTRYPOINT ["canary-steps"]
