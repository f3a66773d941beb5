import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkPassword, type PasswordRules } from '../../src/accounts/password-policy.ts'

const context = ['jo.miller@example.com', 'acme', 'Sallyport', 'ab']

type Case = readonly [password: string, why: RegExp | undefined]

function check(rules: Omit<PasswordRules, 'context'>, cases: readonly Case[]): void {
  for (const [password, why] of cases) {
    const answer = checkPassword(password, { ...rules, context })
    if (why === undefined) assert.equal(answer, undefined, password)
    else assert.match(answer ?? 'allowed', why, password)
  }
}

describe('the nist policy', () => {
  it('wants 15 characters of any kind, spaces and emojis too', () => {
    check({ policy: 'nist' }, [
      ['river cable muno', undefined],
      ['rivercablemunox', undefined],
      ['rivercablemuno', /at least 15/],
      ['😀🚀🌊🎲🐙🍋🧲🪐🎈🦊🌵🔑🧩🎻🛶', undefined],
      ['', /at least 15/],
    ])
  })

  it('is content with 8 beside a second factor', () => {
    check({ policy: 'nist', secondFactor: true }, [
      ['munocabl', undefined],
      ['munocab', /at least 8/],
      ['baseball', /easy/],
    ])
  })

  it('refuses what is easy to guess however long it is made', () => {
    check({ policy: 'nist' }, [
      ['passwordpassword', /easy/],
      ['password12345678', /easy/],
      ['P@ssw0rd!!!!!!!!', /easy/],
      ['aaaaaaaaaaaaaaaaaaa', /easy/],
      ['abcabcabcabcabcabc', /easy/],
      ['12345678901234567890', /easy/],
      ['abcdefghijklmnopq', /easy/],
      ['correct horse battery staple', /easy/],
    ])
  })

  it('refuses login, tenant and product inside, but not words of two letters', () => {
    check({ policy: 'nist' }, [
      ['river jo.miller cable', /must not contain/],
      ['river ACME cable muno', /must not contain/],
      ['river ｓａｌｌｙｐｏｒｔ cable', /must not contain/],
      ['river abundant cable', undefined],
    ])
  })

  it('refuses more than 128 characters', () => {
    const long = 'river cable muno '.repeat(8)
    check({ policy: 'nist' }, [
      [long.slice(0, 128), undefined],
      [long.slice(0, 129), /at most 128/],
      ['x'.repeat(10_000_000), /at most 128/],
      ['river cable muno \ud800', /at most 128/],
    ])
  })
})

describe('the basic policy', () => {
  it('wants more than 8, not the login, and nothing from the list', () => {
    check({ policy: 'basic' }, [
      ['munocable', undefined],
      ['munocabl', /at least 9/],
      ['jo.miller1', /must not contain/],
      ['iloveyou1', /easy/],
      ['dr4g0n2024', /easy/],
    ])
  })
})

describe('the admin policy', () => {
  it('wants 12 and three of four classes on top of basic', () => {
    check({ policy: 'admin' }, [
      ['Munocable-riv', undefined],
      ['munocable-riv', /three of/],
      ['Munocable-r', /at least 12/],
      ['Password1234!', /easy/],
      ['Acme-River-7x', /must not contain/],
    ])
  })
})
