using System.Text.RegularExpressions;
using Mayfly.Packages.Tests.Debian;

namespace Mayfly.EndToEnd.Tests;

/// <summary>Django below gunicorn, both out of an image's environment: wheels of what Debian's packages have of them, nginx in front, and several workers.</summary>
[Collection(OnThisHost.Name)]
[Trait("needs", "root")]
[Trait("needs", "oracle")]
public sealed partial class GunicornTests : IDisposable
{
    private readonly Workspace _workspace = new();
    private readonly FaultyServer _index = new() { ContentType = "application/vnd.pypi.simple.v1+json" };
    private readonly DirectoryInfo _wheels = Directory.CreateTempSubdirectory("mayfly-wheels-");
    private readonly HttpClient _client = new() { BaseAddress = new Uri("http://localhost:18090/"), Timeout = TimeSpan.FromSeconds(20) };

    private string Folder => _workspace.FolderOf("board");

    public void Dispose()
    {
        _client.Dispose();
        _index.Dispose();
        _workspace.Dispose();
        _wheels.Delete(recursive: true);
    }

    [Fact]
    public async Task A_page_of_django_is_served_by_the_workers_of_its_own_gunicorn()
    {
        _workspace.Copy(Path.Combine(Tool.Repository, "examples"), "");
        _workspace.Copy(Path.Combine(Tool.Repository, "test/Mayfly.EndToEnd.Tests/stacks/board"), "board");
        await _index.OfferPackagesAsync(_wheels, ("python3-gunicorn", "gunicorn", "gunicorn", ["setuptools>=3.0"]), ("python3-django", "Django", "django", ["asgiref<4,>=3.3.2", "pytz", "sqlparse>=0.2.2"]),
            ("python3-asgiref", "asgiref", "asgiref", []), ("python3-sqlparse", "sqlparse", "sqlparse", []), ("python3-tz", "pytz", "pytz", []));
        _index.Offer("setuptools", Directory.GetFiles("/usr/share/python-wheels", "setuptools-*.whl"));
        try
        {
            (await MayflyAsync("up")).Succeeded();

            var page = await _client.GetStringAsync("");
            Assert.Contains("<p>Out of /srv/board/env, by ", page, StringComparison.Ordinal);
            Assert.Equal(["Django", "asgiref", "gunicorn", "pytz", "setuptools", "sqlparse"], Item().Matches(page).Select(static item => item.Groups[1].Value));
            Assert.Contains("<li>Django 3.", page, StringComparison.Ordinal);
            // What its secret signs in one worker holds in the others.
            using (var answer = await _client.PostAsync("note", new FormUrlEncodedContent(new Dictionary<string, string> { ["csrfmiddlewaretoken"] = Token().Match(page).Groups[1].Value, ["text"] = "a note" })))
                Assert.Equal("noted: a note\n", await answer.Content.ReadAsStringAsync());

            // The program is a script whose first line names the environment's interpreter; that is what runs, and its children serve.
            Assert.Equal("#!/srv/board/env/bin/python\n", await InsideAsync("head -n 1 /srv/board/env/bin/gunicorn"));
            var workers = await WorkersAsync(3);
            foreach (var worker in workers)
            {
                var parent = (await InsideAsync($"sed -n 's/^PPid:[^0-9]*//p' /proc/{worker}/status")).Trim();
                Assert.StartsWith("/srv/board/env/bin/python /srv/board/env/bin/gunicorn --bind 0.0.0.0:8000 ", await InsideAsync($"tr '\\0' ' ' < /proc/{parent}/cmdline"), StringComparison.Ordinal);
            }

            // One that dies is replaced by gunicorn, without the component being started anew.
            var killed = workers.First();
            await InsideAsync($"kill -9 {killed}");
            Assert.DoesNotContain(killed, await WorkersAsync(3));

            // An edit of the application leaves the environment as it is.
            var template = $"{Folder}/app/board/templates/page.html";
            File.WriteAllText(template, File.ReadAllText(template).Replace("<title>Board", "<title>Notes", StringComparison.Ordinal));
            Assert.DoesNotContain("python packages", (await MayflyAsync("plan")).Succeeded().Output, StringComparison.Ordinal);
            (await MayflyAsync("up")).Succeeded();
            // What was replaced goes on serving for some seconds, for who has its address from nginx's resolver.
            page = await _client.GetStringAsync("");
            for (var until = DateTime.UtcNow.AddSeconds(20); !page.Contains("<title>Notes", StringComparison.Ordinal) && DateTime.UtcNow < until; page = await _client.GetStringAsync(""))
                await Task.Delay(50);
            Assert.Contains("<title>Notes", page, StringComparison.Ordinal);
        }
        finally
        {
            (await MayflyAsync("down", "--volumes")).Succeeded();
        }

        Assert.Empty(await Leftovers.FindAsync("board"));
    }

    /// <summary>As many as answer; one of them that was killed does no more.</summary>
    private async Task<IReadOnlySet<string>> WorkersAsync(int count)
    {
        var seen = new HashSet<string>();
        for (var request = 0; request < 500 && seen.Count < count; request++)
            seen.Add(Worker().Match(await _client.GetStringAsync("")).Groups[1].Value);
        Assert.Equal(count, seen.Count);
        return seen;
    }

    private async Task<string> InsideAsync(string command) => (await MayflyAsync("exec", "web", "--", "sh", "-c", command)).Succeeded().Output;

    private async Task<Ended> MayflyAsync(string verb, params string[] options) => await Tool.RunAsync(Path.Combine(Tool.Repository, "mayfly"), [verb, Folder, .. options], _index.OnlyIndex());

    [GeneratedRegex("<li>(\\S+) [0-9]")]
    private static partial Regex Item();

    [GeneratedRegex("<b id=\"worker\">([0-9]+)</b>")]
    private static partial Regex Worker();

    [GeneratedRegex("name=\"csrfmiddlewaretoken\" value=\"([^\"]+)\"")]
    private static partial Regex Token();
}
