import assert from 'node:assert/strict'
import { test } from 'node:test'
import { html } from './html-tag.ts'
import { renderHtml, safe } from './safe.ts'

test('values are escaped by where they stand', () => {
  const evil = '"><script>alert(1)</script>'
  assert.equal(html`<p>${evil}</p>`.html, '<p>&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;</p>')
  assert.doesNotMatch(html`<a title="${evil}">x</a>`.html, /<script/)
  assert.doesNotMatch(html`<a title=${evil}>x</a>`.html, /<script/)
  assert.match(html`<a href="${'javascript:alert(1)'}">x</a>`.html, /about:invalid/)
  assert.equal(html`<a href="/?q=${'a&b c'}">x</a>`.html, '<a href="/?q=a%26b%20c">x</a>')
  assert.doesNotMatch(html`<script>const x = ${'</script><b>'}</script>`.html, /<b>/)
})

test('HTML stays HTML between tags, lists are joined, and nothing prints nothing', () => {
  const items = ['a', '<b>'].map((item) => html`<li>${item}</li>`)
  assert.equal(html`<ul>${items}</ul>`.html, '<ul><li>a</li><li>&lt;b&gt;</li></ul>')
  assert.equal(html`${safe('<i>')}${null}${undefined}${false}${0}${true}`.html, '<i>0true')
  assert.equal(html`${{ [renderHtml]: () => safe('<hr>') }}`.html, '<hr>')
})

test('what cannot be right is refused whatever the values are', () => {
  const name = 'x'
  for (const wrong of [
    () => html`<${name}>`,
    () => html`<a href="`,
    () => html`<p ${name}${name}>`,
    () => html`<script>`,
  ])
    assert.throws(wrong, TypeError)
})
