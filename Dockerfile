# The gateway's image. It holds the product's own files and its production packages, and runs as a user without rights.
# docker-compose.yml builds it; nothing secret goes in: .dockerignore lets in only what is copied here.
FROM oven/bun:1.4.2@sha256:9114c058aeae42162ee16dd5084b95fe9473970bb6bcb5b232ab1630f0546895

WORKDIR /app
COPY package.json bun.lock bunfig.toml tsconfig.json ./
RUN bun install --frozen-lockfile --production
COPY console console
COPY db db
COPY worker worker
COPY otel-collector/attributes.json otel-collector/attributes.json

# A new volume takes over this folder's owner.
RUN install -d -o bun -g bun -m 0700 /data
USER bun
ENV NODE_ENV=production ANYRAY_HOST=0.0.0.0 ANYRAY_DATA_DIR=/data
VOLUME /data
EXPOSE 8787 3000
STOPSIGNAL SIGTERM
CMD ["bun", "--no-env-file", "worker/main.ts"]
