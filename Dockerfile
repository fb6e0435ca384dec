# Stockroom as an image: built in one stage, its packages installed in a second, and only both results in the last. The one
# before it is for backups.
FROM node:22-bookworm-slim AS base
WORKDIR /app

FROM base AS tools
# better-sqlite3 is compiled where no binary of it is to be had.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends g++ make python3 \
  && rm -rf /var/lib/apt/lists/*

FROM tools AS build
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY sql sql
COPY src src
COPY console console
RUN npm run build

FROM tools AS packages
COPY package.json package-lock.json ./
RUN npm ci --omit=dev && npm cache clean --force

# `stockroom backup` and `restore` call pg_dump and pg_restore of the server's version: see deploy/backup.yaml.
FROM postgres:17-bookworm AS backup
WORKDIR /app
ENV NODE_ENV=production
COPY --from=base /usr/local/bin/node /usr/local/bin/node
COPY --from=packages /app/node_modules node_modules
COPY package.json LICENSE ./
COPY sql sql
COPY --from=build /app/dist dist
ENTRYPOINT ["node", "--max-semi-space-size=4", "dist/cli/main.js"]

FROM base
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4100 STOCKROOM_DATA_DIR=/var/lib/stockroom
# The embedded database and archives go there; nothing else is written.
RUN install --directory --owner=node --group=node /var/lib/stockroom
COPY --from=packages /app/node_modules node_modules
COPY package.json LICENSE ./
COPY sql sql
COPY --from=build /app/dist dist
USER node
VOLUME /var/lib/stockroom
EXPOSE 4100
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Without a shell between: SIGTERM reaches the service, which drains and ends.
ENTRYPOINT ["node", "--max-semi-space-size=4", "dist/cli/main.js"]
CMD ["start"]
