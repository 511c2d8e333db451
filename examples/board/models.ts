/** What the board keeps: members, their posts, and the comments on them. */
import { f, Model } from 'reticle/web'

export class Member extends Model {
  id = f.id()
  name = f.slug(30).unique().label('Name').help('Letters, digits, hyphens and underscores.').autocomplete('username')
  password = f.password().help('At least eight characters.')
  joined = f.datetime().now()
  posts = f.many(() => Post, 'author')
}

export class Post extends Model {
  id = f.id()
  title = f.text(120)
  body = f.text(10_000).label('Text')
  /** The name of a file among the uploads; none for a post without a picture. */
  picture = f.file().null()
  created = f.datetime().now().index()
  author = f.ref(() => Member, { onDelete: 'cascade' })
  comments = f.many(() => Comment, 'post')
}

export class Comment extends Model {
  id = f.id()
  body = f.text(2_000).label('Your comment')
  created = f.datetime().now()
  author = f.ref(() => Member, { onDelete: 'cascade' })
  post = f.ref(() => Post, { onDelete: 'cascade' })
}
