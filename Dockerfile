# HER2_API_TOKEN must be given at run time: the service listens beyond the container's loopback.
#   docker build -t her2-service . && docker run -e HER2_API_TOKEN=... -p 127.0.0.1:8080:8080 her2-service
FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml requirements.lock README.md ./
COPY service service
COPY profiles profiles
# The lock bounds what the wheel asks for, and what builds it; its development part stays out.
RUN python -m venv /opt/her2 \
 && export PIP_CONSTRAINT=/src/requirements.lock PIP_BUILD_CONSTRAINT=/src/requirements.lock \
 && /opt/her2/bin/pip install --no-cache-dir .

FROM python:3.11-slim
COPY --from=build /opt/her2 /opt/her2
RUN useradd --system --create-home --home-dir /var/lib/her2 her2
USER her2
WORKDIR /var/lib/her2
ENV PATH=/opt/her2/bin:$PATH PYTHONUNBUFFERED=1
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=3s --start-period=20s CMD \
  ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('HER2_PORT', '8080') + '/health/live', timeout=2)"]
CMD ["her2", "serve", "--host", "0.0.0.0"]
