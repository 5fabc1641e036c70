"""What alembic asks for: runs migrations on the connection it is given, inside that connection's transaction."""

from alembic import context

from inbox.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
