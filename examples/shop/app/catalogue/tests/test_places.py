from unittest import mock

import addresses
from django.db.utils import OperationalError
from django.test import SimpleTestCase, TestCase


class Addresses(SimpleTestCase):
    def test_postgresql(self):
        found = addresses.database("postgres://orders:p%40ss%2Fword@orders.shop.internal:5432/orders")
        self.assertEqual("django.db.backends.postgresql", found["ENGINE"])
        self.assertEqual(("orders", "p@ss/word"), (found["USER"], found["PASSWORD"]))
        self.assertEqual(("orders.shop.internal", "5432", "orders"), (found["HOST"], found["PORT"], found["NAME"]))

    def test_mysql(self):
        found = addresses.database("mysql://orders:secret@orders.shop.internal/orders")
        self.assertEqual("django.db.backends.mysql", found["ENGINE"])
        self.assertEqual("", found["PORT"])

    def test_sqlite(self):
        self.assertEqual("/var/lib/shop/db.sqlite3", addresses.database("sqlite:///var/lib/shop/db.sqlite3")["NAME"])
        self.assertEqual("/var/lib/shop/db.sqlite3", addresses.database("sqlite:////var/lib/shop/db.sqlite3")["NAME"])

    def test_what_it_does_not_know_is_refused(self):
        for url in ("oracle://x/y", "orders", "postgres://orders.shop.internal", "postgres:///orders"):
            with self.assertRaisesMessage(ValueError, "DATABASE_URL"):
                addresses.database(url)
        with self.assertRaisesMessage(ValueError, "CACHE_URL"):
            addresses.cache("redis://cache:6379/0")

    def test_memcached(self):
        self.assertEqual("cache.shop.internal:11211", addresses.cache("memcached://cache.shop.internal:11211")["LOCATION"])
        self.assertEqual("cache:11211", addresses.cache("memcached://cache")["LOCATION"])


class Health(TestCase):
    def test_a_process_that_answers_is_alive(self):
        with mock.patch("catalogue.health.connection.cursor", side_effect=OperationalError("away")):
            self.assertContains(self.client.get("/healthz"), "ok")

    def test_it_is_ready_with_database_and_cache(self):
        self.assertContains(self.client.get("/readyz"), "ok")

    def test_it_is_not_ready_without_its_database(self):
        with mock.patch("catalogue.health.connection.cursor", side_effect=OperationalError("away")):
            self.assertContains(self.client.get("/readyz"), "database: OperationalError", status_code=503)

    def test_it_is_not_ready_with_a_cache_that_forgets(self):
        with mock.patch("catalogue.health.cache.get", return_value=None):
            self.assertContains(self.client.get("/readyz"), "cache: it does not remember", status_code=503)
