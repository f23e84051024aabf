# The demo app of both labs in an image. Its context is the app's folder alone.
ARG BASE
FROM ${BASE}
RUN python3 -m venv /venv && /venv/bin/pip install --no-cache-dir --quiet aiohttp
COPY *.py /app/tests/lab/embedded/app/
WORKDIR /app
ENV HOST=0.0.0.0 PORT=8080 PYTHONUNBUFFERED=1
USER 65532:65532
ENTRYPOINT ["/venv/bin/python", "-m", "tests.lab.embedded.app"]
