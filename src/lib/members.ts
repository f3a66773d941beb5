type Members = Readonly<Record<string, unknown>>

/** A copy with one member set, in its old place or at the end; the object itself where that changes nothing. */
export function withMember(object: Members, name: string, value: unknown): Members {
  if (Object.hasOwn(object, name) && object[name] === value) return object
  const changed = copy(object, undefined)
  changed[name] = value
  return changed
}

/** A copy without one member. */
export function withoutMember(object: Members, name: string): Members {
  return copy(object, name)
}

/** Without a prototype: `__proto__` is a name like any other. */
function copy(object: Members, left: string | undefined): Record<string, unknown> {
  const copied: Record<string, unknown> = { __proto__: null }
  for (const [name, value] of Object.entries(object)) if (name !== left) copied[name] = value
  return copied
}
