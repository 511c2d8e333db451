/** Sign up, sign in, sign out. Names are kept in lower case: nobody can pass for another by a capital letter. */
import { f, form, login, logout, type Row, type Site, verifyPassword } from 'reticle/web'
import { Member } from './models.ts'
import { to } from './urls.ts'

const signUp = form(Member, 'name', 'password')
const signIn = form({
  name: f.text(30).label('Name').autocomplete('username'),
  password: f.text(200).label('Password'),
})

export function addAccounts(site: Site<Row<Member>>): void {
  site.get(to.accounts.signUp, async (c) => c.render('accounts/sign-up.html', { form: await c.form(signUp) }))

  site.post(to.accounts.signUp, async (c) => {
    let form = await c.form(signUp)
    if (form.ok) {
      try {
        login(c, await Member.create({ ...form.data, name: form.data.name.toLowerCase() }))
        c.flash('Welcome to the board.')
        return c.redirect(to.home())
      } catch (error) {
        form = form.withErrorOf(error) // the name is taken; anything else is thrown on
      }
    }
    return c.render('accounts/sign-up.html', { form }, { status: 422 })
  })

  site.get(to.accounts.signIn, async (c) => c.render('accounts/sign-in.html', { form: await c.form(signIn) }))

  site.post(to.accounts.signIn, async (c) => {
    let form = await c.form(signIn)
    if (form.ok) {
      const member = await Member.find({ name: form.data.name.toLowerCase() })
      // A name that nobody has costs the same time: who has an account is nobody's business.
      if (await verifyPassword(form.data.password, member?.password ?? null)) {
        login(c, member!)
        return c.redirect(c.returnTo(to.home()))
      }
      form = form.withError('', 'There is no member with this name and password.')
    }
    return c.render('accounts/sign-in.html', { form }, { status: 422 })
  })

  site.post(to.accounts.signOut, (c) => {
    logout(c)
    return c.redirect(to.home())
  })
}
