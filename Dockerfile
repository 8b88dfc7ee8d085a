# The image's own Node is used; the project's Node package is for machines without a container.
FROM node:24-bookworm-slim AS install
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev

FROM node:24-bookworm-slim
ENV NODE_ENV=production KLARSYN_DATA=/data
# A night's data lies outside the heap, in a few large blocks: the heap need not grow with it (below 2 GB it grows in
# smaller steps), and a block that is let go of is given back at once.
ENV NODE_OPTIONS="--max-semi-space-size=32 --max-old-space-size=1900" MALLOC_MMAP_THRESHOLD_=131072 MALLOC_ARENA_MAX=2
WORKDIR /app
COPY --from=install /app/node_modules node_modules
COPY package.json klarsyn.schema.json LICENSE README.md ./
COPY bin bin
COPY src src
COPY adapters adapters
COPY mappings mappings
COPY migrations migrations
# What has been compiled is kept beside the packages.
RUN mkdir -p /data node_modules/.cache/klarsyn && chown node:node /data node_modules/.cache/klarsyn
USER node
VOLUME /data
EXPOSE 3000
HEALTHCHECK CMD node -e "fetch('http://127.0.0.1:3000/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"
ENTRYPOINT ["node", "bin/klarsyn.js"]
CMD ["serve", "--host", "0.0.0.0"]
