/** The list of posts with search and pages; one post with its comments; writing, commenting, deleting. */
import { atomic, forbidden, form, onCommit, type Row, removeUpload, type Site, saveUpload, upload } from 'reticle/web'
import { Comment, type Member, Post } from './models.ts'
import { to } from './urls.ts'

const PAGE_SIZE = 10
/** Bytes of a picture. */
export const PICTURE_LIMIT = 5_000_000

const postForm = form({
  ...form(Post, 'title', 'body').fields,
  picture: upload({ accept: ['image/*'], max: PICTURE_LIMIT, help: 'PNG, JPEG, GIF or WebP, up to 5 MB.' }).optional(),
})
const commentForm = form(Comment, 'body')

export function addPosts(site: Site<Row<Member>>, uploads: string): void {
  site.get(to.home, async (c) => {
    const q = (c.query.get('q') ?? '').trim()
    const posts = q === '' ? Post.all() : Post.search(q, 'title', 'body')
    const page = await posts
      .with('author')
      .orderBy(
        (post) => post.created.desc(),
        (post) => post.id.desc(),
      )
      .page(Number(c.query.get('page') ?? 1), PAGE_SIZE)
    return c.render('home.html', { q, page })
  })

  site.get(to.posts.show, async (c) =>
    c.render('posts/show.html', await onePost(c.params.id, await commentForm.blank({}, c))),
  )

  site.signedIn((members) => {
    members.get(to.posts.create, async (c) => c.render('posts/new.html', { form: await c.form(postForm) }))

    members.post(to.posts.create, async (c) => {
      const form = await c.form(postForm)
      if (!form.ok) return c.render('posts/new.html', { form }, { status: 422 })
      const { picture, ...words } = form.data
      const name = picture === null ? null : await saveUpload(uploads, picture)
      const post = await Post.create({ ...words, picture: name, author: c.user })
      c.flash('Your post is on the board.')
      return c.redirect(to.posts.show({ id: post.id }))
    })

    members.post(to.posts.comment, async (c) => {
      const form = await c.form(commentForm)
      const shown = await onePost(c.params.id, form)
      if (!form.ok) return c.render('posts/show.html', shown, { status: 422 })
      await Comment.create({ ...form.data, author: c.user, post: shown.post })
      return c.redirect(to.posts.show({ id: shown.post.id }))
    })

    members.post(to.posts.remove, async (c) => {
      await atomic(async () => {
        const post = await Post.get({ id: c.params.id })
        if (post.authorId !== c.user.id) throw forbidden('Only its author can delete a post.')
        await Post.where({ id: post.id }).delete()
        const { picture } = post
        // Not before it is certain that no row names it any more.
        if (picture !== null) onCommit(async () => void (await removeUpload(uploads, picture)))
      })
      c.flash('The post is gone.')
      return c.redirect(to.home())
    })
  })
}

async function onePost(id: number, form: unknown) {
  const post = await Post.with('author').get({ id })
  const comments = await Comment.with('author').where({ post }).orderBy('created', 'id').all()
  return { post, comments, form }
}
