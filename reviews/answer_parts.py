"""What the API answers about an event beside what intake knows: what people decided on it."""

from reviews.statements.reviewed import review_answer
from scoring.intake.answers import register_part

register_part("review", review_answer)
