from io import StringIO

from django.core.management import call_command
from django.test import TestCase

from catalogue.models import Product


class LoadCatalogue(TestCase):
    def test_an_empty_shop_is_filled_once(self):
        call_command("load_catalogue", stdout=StringIO())
        self.assertEqual(24, Product.objects.count())
        Product.objects.filter(slug="moon-lamp").update(stock=1)
        said = StringIO()
        call_command("load_catalogue", stdout=said)
        self.assertEqual(1, Product.objects.get(slug="moon-lamp").stock)
        self.assertIn("24 products already", said.getvalue())
