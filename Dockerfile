# fanin in a container: nothing but /data is written, so that the root file system may be read-only.
#
#   docker build -t fanin .
#   docker run --rm --read-only --volume fanin:/data --publish 127.0.0.1:8080:8080 fanin

FROM python:3.13-slim AS build
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PROJECT_ENVIRONMENT=/opt/fanin \
    UV_PYTHON_DOWNLOADS=never \
    UV_SYSTEM_CERTS=1
RUN pip install --no-cache-dir --root-user-action=ignore 'uv>=0.11,<1'
WORKDIR /src
# The dependencies make a layer of their own: they change less often than the code.
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-cache --no-dev --no-install-project
COPY . .
RUN uv sync --locked --no-cache --no-dev --no-editable && rm -f /opt/fanin/.lock

FROM python:3.13-slim
LABEL org.opencontainers.image.title="fanin" \
      org.opencontainers.image.licenses="GPL-3.0-or-later"
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin fanin \
    && install --directory --owner=fanin --group=fanin --mode=0700 /data
COPY --from=build /opt/fanin /opt/fanin
# The public listener is reachable from the container's network.  The private one needs a token for that
# (FANIN_HTTP__PRIVATE_TOKEN_FILE), so without configuration it is there for the health check alone.
ENV PATH=/opt/fanin/bin:$PATH \
    MALLOC_ARENA_MAX=2 \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    FANIN_DATA_DIR=/data \
    FANIN_HTTP__PUBLIC=0.0.0.0:8080 \
    FANIN_HTTP__PRIVATE=127.0.0.1:9090
USER 10001:10001
# Relative paths of a configuration lie in the volume; a fanin.yaml there is read.
WORKDIR /data
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-ISc", "import http.client, os; c = http.client.HTTPConnection(os.environ['FANIN_HTTP__PRIVATE'], timeout=3); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["fanin"]
CMD ["run"]
