from django.db import migrations

# Django's index for LIKE on a text key. Digests are only compared as a whole, and each personal value that is new,
# as the text of nearly every post is, paid for an entry in it.
DROP = "DROP INDEX IF EXISTS scoring_vaultitem_digest_df6276a6_like"
CREATE = "CREATE INDEX scoring_vaultitem_digest_df6276a6_like ON scoring_vaultitem (digest varchar_pattern_ops)"


class Migration(migrations.Migration):
    dependencies = [("scoring", "0045_group_limits")]

    operations = [migrations.RunSQL(DROP, CREATE)]
