import { ProxyError } from '../../errors.ts'
import type { Access, Authenticated, Authorized, Identity, Principal } from '../../exchange.ts'
import type { RouteAccess } from '../match/route-table.ts'

/** Holds the caller against the route's rule. There is no route without a rule. */
export function authorize(authenticated: Authenticated): Authorized {
  const access = decideAccess(authenticated.route.access, authenticated.identity)
  requireOwnPath(authenticated, access)
  return { ...authenticated, access }
}

/** Where the path of the route names a tenant, it names the caller's active one. */
function requireOwnPath({ route, target }: Authenticated, access: Access): void {
  const named = route.pattern.tenantIn(target.path)
  if (named === undefined) return
  const own = access.kind === 'member' ? access.principal.policy.tenant.id : undefined
  if (own === undefined || decoded(named) !== own) throw new ProxyError('ERR_TENANT_FOREIGN', 'tenant in the path')
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

function decideAccess(rule: RouteAccess, identity: Identity): Access {
  switch (rule.kind) {
    case 'public':
      return { kind: 'public' }
    case 'member':
      return { kind: 'member', principal: requirePrincipal(identity) }
    case 'roles':
      return { kind: 'member', principal: requireRole(requirePrincipal(identity), rule.roles) }
  }
}

function requirePrincipal(identity: Identity): Principal {
  if (identity.kind === 'principal') return identity.principal
  throw new ProxyError('ERR_CREDENTIAL_MISSING', 'the route asks for sign-in')
}

function requireRole(principal: Principal, roles: ReadonlySet<string>): Principal {
  if (principal.policy.membership.roles.some((role) => roles.has(role))) return principal
  throw new ProxyError('ERR_ROLE_MISSING', `needs one of: ${[...roles].join(', ')}`)
}
