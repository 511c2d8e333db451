/** The addresses of the board: each route is a value that matches, types its parameters, and is called to reverse it. */
import { urls } from 'reticle/web'

export const to = urls({
  home: '/',
  posts: {
    create: '/posts/new',
    show: '/posts/{id:int}',
    comment: '/posts/{id:int}/comments',
    remove: '/posts/{id:int}/delete',
  },
  accounts: { signUp: '/sign-up', signIn: '/sign-in', signOut: '/sign-out' },
})
