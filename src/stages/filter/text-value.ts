import { type FieldDeclaration, type FieldValue, JsonNumber, unreadable } from '../../mask/language.ts'

/** RFC 8259 section 6: the only spelling of a number. */
const number = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/
const maxNumberLength = 1024

/**
 * What a text says where a field of this type was declared (XML, CSV, HTML: formats without types of their own).
 * The text is taken as it is: blanks around it are part of it, so ` 5` is no number and nothing holds on it.
 */
export function textValue(type: FieldDeclaration['type'], text: string): FieldValue {
  switch (type) {
    case 'string':
    case 'id':
    case 'date':
    case 'datetime':
      return text
    case 'integer':
    case 'number':
      return text.length <= maxNumberLength && number.test(text) ? new JsonNumber(text) : unreadable
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : unreadable
    case 'string[]':
      return unreadable
  }
}
