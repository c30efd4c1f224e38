# birdconfd with Debian's BIRD 1.6 under runit: the services, paths and sockets of calico/node.

FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --include=dev --no-audit --no-fund
COPY scripts/build.mjs scripts/bundle-plugins.mjs scripts/declarations.mjs ./scripts/
COPY templates ./templates
COPY src ./src
RUN node scripts/build.mjs --outdir /opt/birdconfd/dist
# One folder that runs anywhere, also where there is no Node and another C library, as in calico/node.
RUN mkdir /opt/birdconfd/bin /opt/birdconfd/lib \
  && cp /usr/local/bin/node /opt/birdconfd/bin/ \
  && cp -L $(ldd /usr/local/bin/node | grep -o '/[^ ]*') /opt/birdconfd/lib/ \
  && ln -s "$(cd /opt/birdconfd/lib && ls ld-linux*)" /opt/birdconfd/lib/ld.so
COPY package.json LICENSE CHANGELOG.md /opt/birdconfd/
COPY deploy/image/birdconfd deploy/image/as-birdconfd /opt/birdconfd/bin/
COPY deploy/image/calico-node /opt/birdconfd/calico-node

FROM node:24-bookworm-slim AS system
ARG BIRD_VERSION=1.6.8-2.1+b1
ARG RUNIT_VERSION=2.1.2-54
# The numbers are fixed, since they are seen on the host, in the directories that it shares.
RUN groupadd --system --gid 970 bird \
  && useradd --system --uid 970 --gid bird --home-dir /nonexistent --shell /usr/sbin/nologin bird \
  && useradd --system --uid 971 --gid bird --home-dir /nonexistent --shell /usr/sbin/nologin birdconfd \
  && apt-get update \
  && apt-get install -y --no-install-recommends bird=$BIRD_VERSION runit=$RUNIT_VERSION \
  && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /etc/service /etc/sv /etc/bird \
    /usr/local/bin/* /usr/local/include /usr/local/lib/node_modules /usr/local/share/doc /usr/local/share/man /opt/yarn*
COPY --from=build /opt/birdconfd /opt/birdconfd
COPY deploy/image/start_runit /sbin/start_runit
COPY deploy/image/service/confd /etc/service/available/confd
COPY deploy/image/service/bird/log /etc/service/available/confd/log
COPY deploy/image/service/bird /etc/service/available/bird
COPY deploy/image/service/bird /etc/service/available/bird6
RUN ln -s /opt/birdconfd/bin/as-birdconfd /usr/local/bin/birdconfd

# npm, and the second copy of Node, are in a layer below: what is copied out of it leaves them behind.
FROM scratch
COPY --from=system / /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  SVDIR=/etc/service/enabled \
  BIRDCONFD_LAYOUT=calico \
  BIRDCONFD_STATE_DIR=/var/lib/birdconfd
# Needed: NET_ADMIN, NET_BIND_SERVICE, NET_RAW (BIRD); SETUID, SETGID, CHOWN, KILL (the entrypoint, which gives up root for both).
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s CMD ["birdconfd", "status", "--ready"]
ENTRYPOINT ["/sbin/start_runit"]
