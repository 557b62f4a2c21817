# The image of the license server, the operator and the command line: no shell, no package manager, not root.
#
#   make image        or:   docker build --build-arg TRUST_KEY="$(cat vendor.pub)" --tag shipper:0.1.0 .
#
# All it holds is the tree that image/rootfs.sh makes, which `make rootfs-test` makes and tries without an engine.

FROM debian:bookworm-slim@sha256:88200866dfff7ea7f5cbcb6ec7c8a701889efe6fe859fe64d6990e4b07ea4171 AS build
RUN echo 'APT::Update::Error-Mode "any"; Acquire::Retries "3";' >/etc/apt/apt.conf.d/complete \
    && apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ca-certificates python3 python3-pip
WORKDIR /source
COPY . .
# The vendor's public key (PEM), lines of a sources.list instead of Debian's own, the time of all files
ARG TRUST_KEY=""
ARG APT_SOURCES=""
ARG SOURCE_DATE_EPOCH=1580601600
RUN image/rootfs.sh /rootfs

FROM scratch
ARG VERSION=""
LABEL org.opencontainers.image.title="shipper" \
      org.opencontainers.image.description="From an assets spec and a signed license to Kubernetes YAML; license server; operator" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /rootfs/ /
USER 65532:65532
ENTRYPOINT ["/usr/bin/shipper"]
