using System.Diagnostics;
using System.Text.Json;

namespace Mayfly.EndToEnd.Tests;

[Collection(OnThisHost.Name)]
[Trait("needs", "root")]
public sealed partial class ShopTests(Shop shop) : IClassFixture<Shop>
{
    [Fact]
    public async Task The_front_page_lists_the_catalogue()
    {
        shop.Restore();
        (await shop.UpAsync()).Succeeded();
        var page = await shop.GetAsync();
        Assert.Contains("<title>", page);
        Assert.Contains("/cart", page);
        // The shop's own package comes out of its environment, Django from Debian; commands see both as the application does.
        var places = (await Tool.MayflyAsync("exec", shop.Folder, "web", "--", "python3", "-c", "import addresses, django; print(addresses.__file__, django.__file__)")).Succeeded().Output;
        Assert.StartsWith("/srv/env/lib/python3.11/site-packages/addresses.py /usr/lib/python3/dist-packages/django/", places, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_again_does_nothing_and_says_so()
    {
        shop.Restore();
        (await shop.UpAsync()).Succeeded();
        var before = await StatusAsync();

        var again = (await shop.UpAsync()).Succeeded();

        Assert.Contains("nothing to do", again.Output);
        Assert.Equal(before.RootElement.GetProperty("generation").GetInt32(), (await StatusAsync()).RootElement.GetProperty("generation").GetInt32());
        Assert.Contains("`up` would do nothing", (await Tool.MayflyAsync("plan", shop.Folder)).Succeeded().Output);
    }

    [Fact]
    public async Task An_edited_file_of_the_application_goes_live()
    {
        shop.Restore();
        var mark = $"mark{Guid.NewGuid():n}";
        shop.Edit("app/catalogue/templates/catalogue/base.html", "</footer>", $"<!-- {mark} --></footer>");

        (await shop.UpAsync()).Succeeded();

        Assert.Contains(mark, await shop.GetAsync("search/?q=" + mark));
    }

    [Fact]
    public async Task A_failing_test_leaves_what_was_live_untouched()
    {
        shop.Restore();
        (await shop.UpAsync()).Succeeded();
        var before = (await StatusAsync()).RootElement.GetProperty("instances").EnumerateArray().Select(row => row.GetProperty("startedAt").GetString()).ToList();
        shop.Edit("stack.cs", "return await", "shop.Test(\"a test that fails\", live => throw new InvalidOperationException(\"as it should\"));\nreturn await");

        var failed = await shop.UpAsync();

        Assert.Equal(3, failed.ExitCode);
        Assert.Contains("a test that fails: as it should", failed.Error);
        Assert.Contains("hint:", failed.Error);
        Assert.Equal(before, (await StatusAsync()).RootElement.GetProperty("instances").EnumerateArray().Select(row => row.GetProperty("startedAt").GetString()));
    }

    [Fact]
    public async Task A_build_that_fails_while_the_rehearsal_begins_leaves_what_was_live_untouched()
    {
        shop.Restore();
        (await shop.UpAsync()).Succeeded();
        var before = (await StatusAsync()).RootElement.GetProperty("instances").EnumerateArray().Select(row => row.GetProperty("startedAt").GetString()).ToList();
        var copies = Copies();
        shop.Edit("app/manage.py", "import os", "import os, time; time.sleep(2); raise SystemExit('this application is broken')");

        var failed = await shop.UpAsync();

        Assert.Equal(1, failed.ExitCode);
        Assert.Contains("this application is broken", failed.Error);
        Assert.Contains("start orders-1: healthy", failed.Error);
        Assert.Single(failed.Error.Split('\n'), line => line.StartsWith("error:", StringComparison.Ordinal));
        Assert.Equal(before, (await StatusAsync()).RootElement.GetProperty("instances").EnumerateArray().Select(row => row.GetProperty("startedAt").GetString()));
        Assert.Equal(copies, Copies());

        static string[] Copies() => Directory.Exists("/dev/shm") ? Directory.GetDirectories("/dev/shm", $"mayfly-{Shop.Name}-*") : [];
    }

    [Fact]
    public async Task An_agent_killed_under_load_takes_nothing_down_and_comes_back()
    {
        shop.Restore();
        (await shop.UpAsync()).Succeeded();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(8));
        var load = Enumerable.Range(0, 4).Select(_ => LoadAsync(stop.Token)).ToList();
        await Task.Delay(1000);

        foreach (var agent in Agents())
            Process.GetProcessById(agent).Kill();

        var counts = await Task.WhenAll(load);
        Assert.All(counts, count => Assert.True(count > 10, $"only {count} requests"));
        Assert.Equal(Instances, (await StatusAsync()).RootElement.GetProperty("instances").EnumerateArray().Count(row => row.GetProperty("phase").GetString() == "healthy"));
        Assert.NotEmpty(Agents());
    }

    [Fact]
    public async Task After_a_killed_up_the_next_one_finishes_the_job()
    {
        shop.Restore();
        (await shop.UpAsync()).Succeeded();
        var random = new Random(20261123);
        for (var round = 0; round < 4; round++)
        {
            var mark = $"round{Guid.NewGuid():n}";
            shop.Restore();
            shop.Edit("app/catalogue/templates/catalogue/base.html", "</footer>", $"<!-- {mark} --></footer>");
            using (var killed = Tool.Start(Path.Combine(Tool.Repository, "mayfly"), "up", shop.Folder))
            {
                await Task.Delay(random.Next(300, 5000));
                killed.Kill(entireProcessTree: true);
                await killed.WaitForExitAsync();
            }

            await shop.GetAsync();
            (await shop.UpAsync()).Succeeded();
            Assert.Contains(mark, await shop.GetAsync("search/?q=" + mark));
        }
    }

    [Fact]
    public async Task The_same_components_run_on_four_machines()
    {
        shop.Restore();
        (await shop.UpAsync("--placement", "four")).Succeeded();

        // What was replaced goes on serving for some seconds.
        for (var until = DateTime.UtcNow.AddSeconds(20); (await StatusAsync()).RootElement.GetProperty("instances").GetArrayLength() > Instances && DateTime.UtcNow < until;)
            await Task.Delay(500);
        var machines = (await StatusAsync()).RootElement.GetProperty("instances").EnumerateArray().Select(row => row.GetProperty("machine").GetString()).ToHashSet();
        Assert.Equal(["app-1", "app-2", "data", "edge"], machines.Order());
        Assert.Contains("/cart", await shop.GetAsync());
        await Screenshot.TakeAsync(shop.Front, "shop-on-four-machines");

        (await shop.UpAsync()).Succeeded();
        Assert.Contains("/cart", await shop.GetAsync());
    }

    [Fact]
    [Trait("needs", "oracle")]
    public async Task The_shop_looks_like_a_shop_in_a_browser()
    {
        shop.Restore();
        (await shop.UpAsync()).Succeeded();
        var page = await Screenshot.TakeAsync(shop.Front, "shop");
        Assert.Contains("</footer>", page);
    }

    [Fact]
    public async Task Down_leaves_nothing_of_the_stack()
    {
        shop.Restore();
        (await shop.UpAsync()).Succeeded();

        (await Tool.MayflyAsync("down", shop.Folder)).Succeeded();

        Assert.Empty(await Leftovers.FindAsync(Shop.Name));
        Assert.Equal(1, (await Tool.MayflyAsync("status", shop.Folder)).ExitCode);
        // The data is kept: an order placed before is there after the next start.
        (await shop.UpAsync()).Succeeded();
        Assert.Contains("/cart", await shop.GetAsync());
    }

    private const int Instances = 5;

    private async Task<JsonDocument> StatusAsync()
        => JsonDocument.Parse((await Tool.MayflyAsync("status", shop.Folder, "--json")).Output);

    private static IReadOnlyList<int> Agents() => [.. Directory.EnumerateDirectories("/proc")
        .Select(path => int.TryParse(Path.GetFileName(path), out var id) ? id : 0).Where(id => id > 0 && IsAgent(id))];

    private static bool IsAgent(int process)
    {
        try
        {
            var words = File.ReadAllText($"/proc/{process}/cmdline").Split('\0');
            // Other tests have agents in hosts of their own.
            return new FileInfo($"/proc/{process}/ns/net").LinkTarget == new FileInfo("/proc/self/ns/net").LinkTarget
                && words[0].EndsWith("dotnet", StringComparison.Ordinal) && words.Any(word => word.EndsWith("Mayfly.Agent.dll", StringComparison.Ordinal));
        }
        catch (IOException)
        {
            return false;
        }
    }

    private async Task<int> LoadAsync(CancellationToken cancellationToken)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
        var count = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            using var answer = await client.GetAsync(shop.Front, CancellationToken.None);
            Assert.True(answer.IsSuccessStatusCode, $"request {count} was answered with {(int)answer.StatusCode}");
            count++;
        }

        return count;
    }
}
