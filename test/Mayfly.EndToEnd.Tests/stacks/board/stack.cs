#!/usr/bin/env dotnet
#:package Mayfly
using Mayfly;

// A Django application that gunicorn serves, both out of an environment; of Debian there is Python itself.
var stack = new Stack("board", Debian.Bookworm);

var web = stack.Component("web")
    .Install("python3", "tzdata")
    .Pip("requirements.txt", into: "/srv/board/env")
    .Copy("app", "/srv/board/app")
    .Build("django-admin check --pythonpath /srv/board/app --settings board.settings")
    .As("www-data")
    .In("/srv/board/app")
    .Sets("SECRET_KEY", Secret.Generated())
    .Run("gunicorn", "--bind", "0.0.0.0:8000", "--workers", "3", "board.wsgi")
    .Listens(8000, "http")
    .Checks(Check.Http(8000));
var www = stack.Nginx("www").Balances(web).Publishes(18090);

stack.Machine("box").Hosts(www, web);

stack.Test("the board lists what it is made of", async live => Expect.Contains("<li>gunicorn ", await live.GetAsync("/")));

return await stack.RunAsync(args);
