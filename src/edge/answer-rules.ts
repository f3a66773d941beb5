import type { DatasetRouteConfig } from '../config/config.ts'
import type { Masked, MaskedRows } from '../exchange.ts'
import { compilePredicate } from '../mask/evaluate.ts'
import type { RowPredicate } from '../mask/language.ts'
import { runCanary } from '../stages/filter/canary.ts'
import { defaultDecodeLimits } from '../stages/filter/content-coding.ts'
import type { AnswerRules } from '../stages/filter/filter-response.ts'
import { defaultRowLimits, type RowPlan } from '../stages/filter/row-plan.ts'
import { resolveRows } from '../stages/mask/resolve-mask.ts'
import type { App } from '../stages/match/route-table.ts'

const everyRow: RowPredicate = { reads: [], test: () => true }
const noRow: RowPredicate = { reads: [], test: () => false }

/** One per (what a caller may see, route); forgotten with the caller's rights. */
const compiled = new WeakMap<MaskedRows, Map<DatasetRouteConfig, AnswerRules>>()

/** How the answer to a decided request is to be read. */
export function answerRules(masked: Masked): 'undeclared' | AnswerRules {
  const { rows, route } = masked
  if (rows.kind === 'undeclared' || route.rows === undefined) return 'undeclared'
  const known = compiled.get(rows) ?? new Map<DatasetRouteConfig, AnswerRules>()
  compiled.set(rows, known)
  const rules = known.get(route.rows) ?? compileRules(rows, route.rows, rolesOf(masked))
  known.set(route.rows, rules)
  return rules
}

function compileRules(rows: MaskedRows, route: DatasetRouteConfig, roles: readonly string[]): AnswerRules {
  const { pass, keepHeaders, rows: readers } = route
  return { plan: rowPlan(rows, route), readers, roles, pass, keepHeaders, decode: defaultDecodeLimits }
}

function rolesOf({ access }: Masked): readonly string[] {
  return access.kind === 'member' ? access.principal.policy.membership.roles : []
}

/** The filter of one route for one caller. */
export function rowPlan(rows: MaskedRows, route: DatasetRouteConfig): RowPlan {
  const { total, strict } = route.rows
  return {
    at: route.rows.at,
    predicate: predicateOf(rows),
    withhold: rows.withhold.flatMap((name) => {
      const field = route.dataset.fields.get(name)
      return field === undefined ? [] : [{ name, path: field.path }]
    }),
    withheldAs: route.withheldAs,
    onViolation: route.onViolation,
    keep: route.rows.keep,
    total: total === undefined ? undefined : { path: total.at, policy: total.policy },
    strict,
    limits: { ...defaultRowLimits, maxRowBytes: route.maxRowBytes, maxBlockBytes: route.maxBlockBytes },
  }
}

function predicateOf(rows: MaskedRows): RowPredicate {
  switch (rows.mask.kind) {
    case 'all':
      return everyRow
    case 'none':
      return noRow
    case 'conditional':
      return compilePredicate(rows.mask.mask)
  }
}

/** On rows a HEAD is asked as GET: only the row itself tells whether the caller may know of it. */
export function methodAsked({ arrival, rows }: Masked): string {
  return arrival.method === 'HEAD' && rows.kind === 'masked' ? 'GET' : arrival.method
}

const canaryTenant = 'own-tenant'

/**
 * Sends a row of a foreign tenant through the filter that every route of every app would install, as the most
 * privileged caller there can be: one grant on all rows. Throws where it survives, and the edge does not start.
 */
export function runCanaries(apps: readonly App[]): void {
  for (const app of apps) {
    for (const { rows } of app.routes) {
      if (rows === undefined) continue
      const access = resolveRows(canaryPolicy(rows), rows.dataset, rows.action, undefined)
      runCanary(rowPlan(access, rows), rows.dataset, canaryTenant)
    }
  }
}

function canaryPolicy(route: DatasetRouteConfig): Parameters<typeof resolveRows>[0] {
  const account = {
    id: 'canary',
    email: '',
    name: '',
    state: 'enabled',
    operator: false,
    epoch: 0,
    passwordExpired: false,
  } as const
  const always = { validFrom: undefined, validUntil: undefined }
  return {
    account,
    tenant: { id: canaryTenant, name: '' },
    membership: { tenant: canaryTenant, account: account.id, roles: [], attributes: {}, ...always },
    groups: [],
    grants: [
      {
        id: 'canary',
        tenant: canaryTenant,
        dataset: route.dataset.name,
        subject: { kind: 'everyone' },
        actions: ['read', 'modify'],
        rows: true,
        effect: 'permit',
        withhold: [],
        ...always,
      },
    ],
  }
}
