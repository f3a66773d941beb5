import { Tokenizer } from 'htmlparser2'

const ignored = (): void => undefined

/** A run of text with its character references decoded; it holds no markup. */
export function decodeText(text: string): string {
  return text.includes('&') ? decoded(text.replaceAll('<', '&lt;')) : text
}

/** The same by the rules of attributes, in which `&copy=1` stays as it is. */
export function decodeAttribute(value: string): string {
  return value.includes('&') ? decoded(`<a b="${value.replaceAll('"', '&quot;')}">`) : value
}

function decoded(html: string): string {
  let result = ''
  const take = (start: number, end: number): void => {
    result += html.slice(start, end)
  }
  const add = (codePoint: number): void => {
    result += String.fromCodePoint(codePoint)
  }
  const callbacks = {
    ontext: take,
    ontextentity: add,
    onattribdata: take,
    onattribentity: add,
    onattribend: ignored,
    onattribname: ignored,
    oncdata: ignored,
    onclosetag: ignored,
    oncomment: ignored,
    ondeclaration: ignored,
    onend: ignored,
    onopentagend: ignored,
    onopentagname: ignored,
    onprocessinginstruction: ignored,
    onselfclosingtag: ignored,
  }
  const tokenizer = new Tokenizer({ xmlMode: false, decodeEntities: true }, callbacks)
  tokenizer.write(html)
  tokenizer.end()
  return result
}
