/** One mail as SMTP handed it over: the envelope and the bytes. */
export interface ReceivedMail {
  /** The envelope's sender, without `<>`; empty for the null sender of a bounce. */
  readonly from: string
  /** The envelope's recipients in the order given, so also those of a Bcc. */
  readonly to: readonly string[]
  /** What the client called itself in HELO or EHLO. */
  readonly helo: string
  /** The message as it was sent, dots unstuffed, line ends untouched. Never changed. */
  readonly raw: Uint8Array
}

/** What a list of mails shows: the headers that matter, decoded. Text of the sender's: escape it before it becomes HTML. */
export interface MailSummary {
  readonly subject: string
  /** The From header as `Name <address>`; the envelope's sender when there is none. */
  readonly fromHeader: string
  /** The To and Cc headers, in that order, as `Name <address>`. */
  readonly toHeader: readonly string[]
  readonly attachments: number
  /** Why the message could not be parsed; it is kept all the same. */
  readonly problem?: string
}

/** One mail that is kept. */
export interface Mail extends ReceivedMail, MailSummary {
  /** Unique: 32 random bytes, then `@` and the catcher's host name, the form that MailHog's ids have. */
  readonly id: string
  readonly receivedAt: Date
  /** The decoded subject, addresses and first 65 536 characters of text, in lower case: what a search looks in besides the raw message. */
  readonly searchable: string
}

/** A message, parsed: what a person reads of it, decoded. All text is the sender's: escape it before it becomes HTML. */
export interface MailContent {
  readonly subject: string
  /** The From header as `Name <address>`; undefined when there is none. */
  readonly from: string | undefined
  readonly to: readonly string[]
  readonly cc: readonly string[]
  readonly text: string | undefined
  readonly html: string | undefined
  /** In the order of the message, several of one name included, values decoded. */
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly attachments: readonly MailAttachment[]
}

/** A file that a message carries, an image within its HTML included. */
export interface MailAttachment {
  /** The file name that the sender gave, which may hold anything. */
  readonly name: string | undefined
  /** Such as `image/png`, in lower case. */
  readonly type: string
  /** The name by which the HTML refers to it (`cid:`), without `<>`. */
  readonly contentId: string | undefined
  readonly bytes: Uint8Array
}
