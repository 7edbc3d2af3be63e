# Two stages: what it takes to install stays behind. Runs as an ordinary user, with a health check.
FROM python:3.12-slim AS build
WORKDIR /build
RUN python -m venv /opt/voice-agent
COPY requirements/build.txt requirements/run.txt requirements/
RUN /opt/voice-agent/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt \
    && /opt/voice-agent/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md ./
COPY voice_agent voice_agent
COPY tools tools
COPY prompts prompts
RUN /opt/voice-agent/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /opt/voice-agent/bin/pip uninstall --yes hatchling editables

FROM python:3.12-slim
RUN useradd --create-home --uid 10001 agent
COPY --from=build /opt/voice-agent /opt/voice-agent
ENV PATH=/opt/voice-agent/bin:$PATH PYTHONUNBUFFERED=1 HOST=0.0.0.0 PORT=8000
USER agent
WORKDIR /home/agent
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/live', timeout=2)"]
ENTRYPOINT ["voice-agent"]
CMD ["serve"]
