# One image for each service, one for what people see, and one for the tools around them (migrations, broker definitions,
# auditor, operators' commands, compose's gateway):
#
#   docker build --target order --tag chandlery/order:0.2.0 .
#
# The guarantees: all code of ours in an image comes from the stage in which lint, types and every test have passed. An
# image contains Node.js, the libraries that Node.js is linked with, production dependencies and compiled code: no shell,
# no package manager, no file that its user may write. The images share all layers but the last. The same sources give
# the same layers, whenever they are built. Nothing here needs BuildKit.

# The version says what it is, the digest makes sure that it stays the same: of the index for all kinds of processor.
ARG NODE_IMAGE=node:24.20.0-bookworm-slim@sha256:ba849c60be29959425b8734d57b8b4b7d56f98edd9504c9af091d5281095a71e

# Renders the manifests for the tests. Debian has no kubectl that is new enough.
FROM ${NODE_IMAGE} AS kustomize
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates golang-go
# It reports its version only when the build sets it.
RUN CGO_ENABLED=0 GOBIN=/usr/local/bin go install \
  -ldflags='-X sigs.k8s.io/kustomize/api/provenance.version=v5.0.3' sigs.k8s.io/kustomize/kustomize/v5@v5.0.3

FROM ${NODE_IMAGE} AS test
# What the tests would otherwise download every time: a broker, a browser, Prometheus, and the checker of the scripts.
RUN apt-get update && apt-get install --yes --no-install-recommends \
    ca-certificates chromium curl openssl procps prometheus prometheus-postgres-exporter rabbitmq-server shellcheck \
  && rm -rf /var/lib/apt/lists/*
COPY --from=kustomize /usr/local/bin/kustomize /usr/local/bin/
# An ordinary user, because the tests start PostgreSQL, which refuses to run as root.
RUN mkdir /app && chown node:node /app
USER node
WORKDIR /app
COPY --chown=node:node package.json package-lock.json ./
COPY --chown=node:node web/package.json web/
RUN npm ci --no-audit --no-fund
COPY --chown=node:node . .
RUN npm run build
RUN npm run check

FROM test AS tested
# The files as the images have them, but without the time of this build, which would give each build different layers.
RUN set -eu; files=/tmp/files; \
  mkdir -p $files/shared/app/dist; \
  cp -R dist/shared $files/shared/app/dist; \
  mkdir -p $files/tools/app/dist/tools; \
  for tool in audit deploy gateway operate support; do cp -R dist/tools/$tool $files/tools/app/dist/tools; done; \
  for schema in */prisma/schema.prisma; do \
    service=${schema%%/*}; \
    mkdir -p $files/$service/app/dist $files/tools/app/$service/prisma $files/tools/app/dist/$service/src; \
    cp -R dist/$service $files/$service/app/dist; \
    cp -R $schema $service/prisma/migrations $files/tools/app/$service/prisma; \
    cp dist/$service/src/grants.js $files/tools/app/dist/$service/src; \
  done; \
  # The pages as they were built. The stamp says when that was.
  mkdir -p $files/web/app/dist $files/web/app/web; \
  cp -R dist/web $files/web/app/dist; \
  cp -R web/dist $files/web/app/web; \
  rm $files/web/app/web/dist/.stamp; \
  # The compiled half of the library that hashes passwords is an optional dependency, because each platform has its own.
  cp -R --parents node_modules/@node-rs/argon2-linux-* $files/account/app; \
  # It needs libraries of the system that Node.js does not.
  cp --parents --dereference $(ldd node_modules/@node-rs/argon2-linux-*/*.node | grep -o '/[^ ]*') $files/account; \
  chmod -R a+rX,go-w $files; \
  find $files -exec touch --no-dereference --date=@0 {} +

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /files/app
COPY package.json package-lock.json tools/deploy/bill-of-materials.mjs ./
COPY web/package.json web/
# Optional dependencies are for other platforms or, through Prisma's client, the Prisma command line with all it needs. What
# the pages are built from is for development alone, and of their workspace npm makes no more than a link.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund && rm node_modules/chandlery-web
# What is in the image, for who has to know whether a weakness concerns it. The next stage lists Debian's packages.
RUN set -eu; \
  npm sbom --package-lock-only --sbom-format cyclonedx > /tmp/sbom.json; \
  node bill-of-materials.mjs < /tmp/sbom.json > sbom.cdx.json; \
  rm -r bill-of-materials.mjs web
# Removes what Node.js never loads here: type declarations, source maps, other databases' query compilers, and files for
# bundlers. They are two thirds of it all.
RUN set -eu; \
  rm package-lock.json; \
  find node_modules -type f \( -name '*.ts' -o -name '*.[cm]ts' -o -name '*.map' \) -delete; \
  find node_modules/@prisma/client/runtime -name 'query_compiler_*' ! -name '*.postgresql.*' -delete; \
  find node_modules/@prisma/client/runtime node_modules/@opentelemetry -name '*.mjs' -delete; \
  chmod -R a+rX,go-w /files; \
  find /files -exec touch --no-dereference --date=@0 {} +

FROM ${NODE_IMAGE} AS runtime
# Node.js with its libraries, and the package data that vulnerability scanners read when there is no dpkg.
RUN set -eu; packages=/files/var/lib/dpkg/status.d; \
  mkdir -p /files/etc $packages; \
  cp --parents --dereference /usr/local/bin/node $(ldd /usr/local/bin/node | grep -o '/[^ ]*') /files; \
  cp --dereference /etc/os-release /files/etc/os-release; \
  for package in libc6 libgcc-s1 libstdc++6; do dpkg-query --status $package > $packages/$package; done; \
  echo 'nonroot:x:65532:65532:nonroot:/:/sbin/nologin' > /files/etc/passwd; \
  echo 'nonroot:x:65532:' > /files/etc/group; \
  echo 'hosts: files dns' > /files/etc/nsswitch.conf; \
  find /files -exec touch --no-dereference --date=@0 {} +

FROM scratch AS base
COPY --from=runtime --chown=0:0 /files /
COPY --from=dependencies --chown=0:0 /files /
COPY --from=tested --chown=0:0 /tmp/files/shared /
ENV NODE_ENV=production PATH=/usr/local/bin
LABEL org.opencontainers.image.title=chandlery org.opencontainers.image.licenses=MIT
WORKDIR /app
USER 65532:65532
ENTRYPOINT ["node", "--enable-source-maps", "--max-semi-space-size=16", "--heap-growing-percent=75"]

FROM base AS order
COPY --from=tested --chown=0:0 /tmp/files/order /
EXPOSE 8001 9001
CMD ["dist/order/src/main.js"]

FROM base AS payment
COPY --from=tested --chown=0:0 /tmp/files/payment /
EXPOSE 8002 9002
CMD ["dist/payment/src/main.js"]

FROM base AS stock
COPY --from=tested --chown=0:0 /tmp/files/stock /
EXPOSE 8003 9003
CMD ["dist/stock/src/main.js"]

FROM base AS account
COPY --from=tested --chown=0:0 /tmp/files/account /
EXPOSE 8005 9005
CMD ["dist/account/src/main.js"]

FROM base AS catalog
COPY --from=tested --chown=0:0 /tmp/files/catalog /
EXPOSE 8006 9006
CMD ["dist/catalog/src/main.js"]

# PAGES says whose: storefront or admin. The young generation is small: they make little, and send files as they are.
FROM base AS web
COPY --from=tested --chown=0:0 /tmp/files/web /
EXPOSE 8007 8008 9007 9008
CMD ["--max-semi-space-size=2", "dist/web/server/src/main.js"]

# The first argument says which tool to run, for example: dist/tools/deploy/migrate.js order
FROM base AS tools
COPY --from=tested --chown=0:0 /tmp/files/tools /
