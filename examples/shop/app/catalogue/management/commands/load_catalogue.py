from django.core.management import BaseCommand, call_command

from catalogue.models import Product


class Command(BaseCommand):
    help = "Fills an empty shop with the sample catalogue; leaves a shop that has goods as it is."

    def handle(self, *args, **options):
        count = Product.objects.count()
        if count:
            self.stdout.write(f"The shop has {count} products already.")
        else:
            call_command("loaddata", "catalogue")
