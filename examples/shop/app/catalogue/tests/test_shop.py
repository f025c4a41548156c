from decimal import Decimal

from django.core.cache import cache
from django.test import Client, TestCase

from catalogue import checkout
from catalogue.models import Order, Product

ADDRESS = {"name": "Ada", "email": "ada@example.org", "address": "1 River Lane"}


class Pages(TestCase):
    fixtures = ["catalogue"]

    def setUp(self):
        cache.clear()

    def test_the_front_page_lists_the_whole_catalogue(self):
        page = self.client.get("/")
        self.assertEqual(24, Product.objects.count())
        for product in Product.objects.all():
            self.assertContains(page, product.get_absolute_url())

    def test_every_page_of_the_catalogue_is_drawn(self):
        for product in Product.objects.all():
            page = self.client.get(product.get_absolute_url())
            self.assertContains(page, f"<h1>{product.name}</h1>", html=True)
            self.assertContains(page, '<svg class="art"')
        for slug in ("dawn", "noon", "dusk", "night"):
            self.assertContains(self.client.get(f"/day/{slug}/"), '<li class="tile', count=6)

    def test_search_finds_by_every_word(self):
        self.assertContains(self.client.get("/search/", {"q": "wool rug"}), "Rug for Two")
        self.assertNotContains(self.client.get("/search/", {"q": "wool rug"}), "Night Blanket")
        self.assertContains(self.client.get("/search/", {"q": "submarine"}), "0 things")

    def test_what_was_searched_for_is_shown_as_text(self):
        page = self.client.get("/search/", {"q": "<script>x</script>"})
        self.assertNotContains(page, "<script>")
        self.assertContains(page, "&lt;script&gt;")

    def test_a_thing_that_is_gone_cannot_be_bought(self):
        page = self.client.get("/things/firefly-jar/")
        self.assertContains(page, "Gone for today")
        self.assertNotContains(page, "Put in basket")

    def test_an_unknown_address_is_not_found(self):
        self.assertEqual(404, self.client.get("/things/nothing/").status_code)
        self.assertEqual(404, self.client.post("/cart/add/", {}).status_code)

    def test_the_favicon_is_where_browsers_look(self):
        self.assertRedirects(self.client.get("/favicon.ico"), "/static/catalogue/favicon.svg", fetch_redirect_response=False)


class CachedPages(TestCase):
    fixtures = ["catalogue"]

    def setUp(self):
        cache.clear()

    def test_the_second_answer_comes_from_the_cache(self):
        first, second = self.client.get("/"), self.client.get("/")
        self.assertEqual(("miss", "hit"), (first["X-Page-Cache"], second["X-Page-Cache"]))
        self.assertContains(first, "page made just now")
        self.assertContains(second, "page from cache, made by")
        with self.assertNumQueries(0):
            Client().get("/")

    def test_the_server_is_named(self):
        page = self.client.get("/")
        self.assertContains(page, f'data-served-by="{page["X-Served-By"]}"')

    def test_an_edit_ends_the_pages_kept(self):
        self.client.get("/things/moon-lamp/")
        with self.captureOnCommitCallbacks(execute=True):
            lamp = Product.objects.get(slug="moon-lamp")
            lamp.name = "Sun Lamp"
            lamp.save()
        page = self.client.get("/things/moon-lamp/")
        self.assertEqual("miss", page["X-Page-Cache"])
        self.assertContains(page, "Sun Lamp")

    def test_a_kept_page_shows_each_visitor_their_own_basket(self):
        self.client.post("/cart/add/", {"product": "moon-lamp", "quantity": 2})
        self.client.get("/")
        mine, theirs = self.client.get("/"), Client().get("/")
        self.assertEqual(("hit", "hit"), (mine["X-Page-Cache"], theirs["X-Page-Cache"]))
        self.assertContains(mine, 'data-basket="2"')
        self.assertContains(theirs, 'data-basket="0"')


class Basket(TestCase):
    fixtures = ["catalogue"]

    def test_it_keeps_what_is_put_in(self):
        page = self.client.post("/cart/add/", {"product": "paper-fleet", "quantity": 3}, follow=True)
        self.assertContains(page, "Paper Fleet is in your basket.")
        self.assertContains(self.client.get("/cart/"), "€21.60")

    def test_it_holds_no_more_than_there_is(self):
        self.client.post("/cart/add/", {"product": "pocket-telescope", "quantity": 50})
        self.assertContains(self.client.get("/cart/"), 'data-basket="6"')
        page = self.client.post("/cart/add/", {"product": "pocket-telescope"}, follow=True)
        self.assertContains(page, "There are no more")

    def test_a_quantity_that_is_no_number_counts_as_one(self):
        self.client.post("/cart/add/", {"product": "moon-lamp", "quantity": "x"})
        self.assertContains(self.client.get("/cart/"), 'data-basket="1"')

    def test_things_can_be_taken_out(self):
        self.client.post("/cart/add/", {"product": "moon-lamp"})
        self.client.post("/cart/set/", {"product": "moon-lamp", "quantity": 0})
        self.assertContains(self.client.get("/cart/"), "It is empty")

    def test_strangers_forms_are_refused(self):
        strict = Client(enforce_csrf_checks=True)
        self.assertEqual(403, strict.post("/cart/add/", {"product": "moon-lamp"}).status_code)


class Checkout(TestCase):
    fixtures = ["catalogue"]

    def test_an_order_takes_its_goods_out_of_the_stock(self):
        self.client.post("/cart/add/", {"product": "moon-lamp", "quantity": 2})
        self.client.post("/cart/add/", {"product": "riverbank-tea"})
        page = self.client.post("/checkout/", ADDRESS, follow=True)
        self.assertContains(page, "Thank you, Ada.")
        order = Order.objects.get()
        self.assertEqual(Decimal("133.80"), order.total)
        self.assertEqual(6, Product.objects.get(slug="moon-lamp").stock)
        self.assertEqual(54, Product.objects.get(slug="riverbank-tea").stock)
        self.assertContains(self.client.get("/cart/"), "It is empty")

    def test_an_order_that_cannot_be_filled_changes_nothing(self):
        self.client.post("/cart/add/", {"product": "riverbank-tea"})
        self.client.post("/cart/add/", {"product": "moon-lamp", "quantity": 3})
        Product.objects.filter(slug="moon-lamp").update(stock=2)
        page = self.client.post("/checkout/", ADDRESS, follow=True)
        self.assertContains(page, "We have 2 left.")
        self.assertEqual(0, Order.objects.count())
        self.assertEqual(55, Product.objects.get(slug="riverbank-tea").stock)
        self.assertContains(self.client.get("/cart/"), 'data-basket="3"')

    def test_a_form_with_holes_is_shown_again(self):
        self.client.post("/cart/add/", {"product": "moon-lamp"})
        page = self.client.post("/checkout/", {**ADDRESS, "email": "nowhere"})
        self.assertContains(page, "valid email")
        self.assertEqual(0, Order.objects.count())

    def test_placing_is_whole_or_not_at_all(self):
        left, gone = Product.objects.get(slug="riverbank-tea"), Product.objects.get(slug="firefly-jar")
        lines = [{"product": product, "quantity": 1, "amount": product.price} for product in (gone, left)]
        with self.assertRaises(checkout.SoldOut):
            checkout.place(Order(**ADDRESS), lines)
        left.refresh_from_db()
        self.assertEqual(55, left.stock)
        self.assertEqual(0, Order.objects.count())

    def test_an_empty_basket_has_no_checkout(self):
        self.assertRedirects(self.client.get("/checkout/"), "/cart/")
