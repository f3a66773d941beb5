/** The import rules of docs/pipeline.md: arrows only point down the corridor. */
const rooms = '^src/(bans|accounts|shared-state|audit|metrics|config)/'
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: { path: '^src' }, to: { circular: true, dependencyTypesNot: ['type-only'] } },
    { name: 'lib-is-pure', severity: 'error', from: { path: '^src/lib/' }, to: { path: '^src/', pathNot: '^src/lib/' } },
    { name: 'mask-is-pure', severity: 'error', from: { path: '^src/mask/' }, to: { pathNot: '^src/(lib|mask)/' } },
    {
      name: 'exchange-and-errors-know-no-room',
      severity: 'error',
      from: { path: '^src/(exchange|errors)\\.ts$' },
      to: { path: '^src/', pathNot: '^src/(lib|mask)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'rooms-stand-alone',
      severity: 'error',
      from: { path: '^src/(bans|accounts|shared-state|audit|metrics|config)/' },
      to: { path: '^src/', pathNot: '^src/(lib|mask|exchange|errors|$1)', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-stage-imports-another',
      severity: 'error',
      from: { path: '^src/stages/([^/]+)/' },
      to: { path: '^src/stages/', pathNot: '^src/stages/$1/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'stages-take-rooms-by-type',
      severity: 'error',
      from: { path: '^src/stages/' },
      to: { path: `${rooms}|^src/(login|admin|cli|edge|app|main|pipeline)`, dependencyTypesNot: ['type-only'] },
    },
    { name: 'no-fastify-in-stages', severity: 'error', from: { path: '^src/stages/' }, to: { path: 'node_modules/(@fastify|fastify)' } },
    { name: 'pipeline-only-stages', severity: 'error', from: { path: '^src/pipeline\\.ts$' }, to: { path: '^src/', pathNot: '^src/stages/', dependencyTypesNot: ['type-only'] } },
    {
      name: 'nobody-imports-the-root',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(main|app)\\.ts$' },
      to: { path: '^src/(main|app)\\.ts$' },
    },
    { name: 'fastify-only-at-the-edge', severity: 'error', from: { path: '^src/', pathNot: '^src/(edge|login|admin|app)' }, to: { path: 'node_modules/(@fastify|fastify)/', dependencyTypesNot: ['type-only'] } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    parser: 'swc',
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'], conditionNames: ['import', 'node', 'default'] },
  },
}
