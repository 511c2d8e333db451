/** What the wiki keeps: pages, every revision of each, the files attached to them, and who wrote what. */
import { f, Model } from 'reticle/web'

export class Editor extends Model {
  id = f.id()
  name = f.slug(30).unique()
  password = f.password()
}

export class Page extends Model {
  id = f.id()
  title = f.text(80).unique()
  revisions = f.many(() => Revision, 'page')
  attachments = f.many(() => Attachment, 'page')
}

/** Revisions are only ever added: the newest is the page, the others are its history. */
export class Revision extends Model {
  id = f.id()
  text = f.text(50_000)
  summary = f.text(120).blank().help('What you have changed, for the history.')
  created = f.datetime().now()
  author = f.ref(() => Editor, { onDelete: 'cascade' })
  page = f.ref(() => Page, { onDelete: 'cascade' })
}

export class Attachment extends Model {
  id = f.id()
  /** As the visitor called it. */
  name = f.text(255)
  /** As it is called among the uploads. */
  file = f.file()
  page = f.ref(() => Page, { onDelete: 'cascade' })
}
