namespace Mayfly.Benchmarks;

/// <summary>A copy of the shop example, live, with a name and a port of its own; edited as a user would, and taken down when disposed.</summary>
internal sealed class LiveShop : IAsyncDisposable
{
    private const string Name = "shop-measured", Port = "18090", Template = "app/catalogue/templates/catalogue/base.html", End = "</body>";

    private readonly Workshop _workshop;
    private readonly string _folder;
    private readonly HttpClient _client = new() { BaseAddress = new Uri($"http://localhost:{Port}/"), Timeout = TimeSpan.FromSeconds(20) };
    private readonly string _original;
    private int _edits;

    private LiveShop(Workshop workshop, string folder) => (_workshop, _folder, _original) = (workshop, folder, File.ReadAllText(Path.Combine(folder, Template)));

    public static async Task<LiveShop> UpAsync(Workshop workshop, CancellationToken cancellationToken)
    {
        // As in the repository: the build files of the examples above, the launcher's build beside.
        var examples = workshop.PathFor("examples");
        await Outside.RunAsync(["cp", "-r", Path.Combine(Workshop.Repository, "examples"), examples], cancellationToken);
        var link = workshop.PathFor(".mayfly");
        if (!Path.Exists(link))
            File.CreateSymbolicLink(link, Path.Combine(Workshop.Repository, ".mayfly"));
        var script = Path.Combine(examples, "shop/stack.cs");
        var text = await File.ReadAllTextAsync(script, cancellationToken);
        var own = text.Replace("new Stack(\"shop\"", $"new Stack(\"{Name}\"", StringComparison.Ordinal).Replace("Publishes(8080)", $"Publishes({Port})", StringComparison.Ordinal);
        if (!own.Contains(Name, StringComparison.Ordinal) || !own.Contains(Port, StringComparison.Ordinal))
            throw new MayflyException($"{script} cannot be given a name and a port of its own", "its text changed: mend LiveShop.cs of the benchmark");
        await File.WriteAllTextAsync(script, own, cancellationToken);
        var shop = new LiveShop(workshop, Path.Combine(examples, "shop"));
        workshop.Talk.WriteLine("bring a copy of the shop live …");
        try
        {
            await shop.UpAsync(cancellationToken);
        }
        catch
        {
            await shop.DisposeAsync();
            throw;
        }

        return shop;
    }

    /// <summary><c>mayfly up</c>, as it is typed.</summary>
    public Task<string> UpAsync(CancellationToken cancellationToken) => Outside.RunAsync([Workshop.Launcher, "up", _folder], cancellationToken, Workshop.With(_workshop.Store.Root));

    /// <summary>Changes a template, so that every page of the shop is another one.</summary>
    public void Edit()
    {
        if (!_original.Contains(End, StringComparison.Ordinal))
            throw new MayflyException($"{Template} has no {End} any more", "mend LiveShop.cs of the benchmark");
        File.WriteAllText(Path.Combine(_folder, Template), _original.Replace(End, $"<!-- edit {++_edits} -->{End}", StringComparison.Ordinal));
    }

    /// <summary>Brings the last edit live; done when a page that is served shows it.</summary>
    public async Task EditedAsync(CancellationToken cancellationToken)
    {
        await UpAsync(cancellationToken);
        if (!(await _client.GetStringAsync("", cancellationToken)).Contains($"<!-- edit {_edits} -->", StringComparison.Ordinal))
            throw new MayflyException($"mayfly up has ended, and the front page does not show edit {_edits}");
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await Outside.RunAsync([Workshop.Launcher, "down", _folder, "--volumes"], CancellationToken.None, Workshop.With(_workshop.Store.Root));
        Mayfly.Linux.Trees.Remove(_workshop.PathFor("examples"));
    }
}
