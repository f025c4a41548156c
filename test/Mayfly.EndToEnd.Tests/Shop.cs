namespace Mayfly.EndToEnd.Tests;

/// <summary>
/// A copy of the shop example that tests may edit, live for as long as its tests run. It has a name and a port of its own,
/// so that a shop which the user has brought live is left alone.
/// </summary>
public sealed class Shop : IAsyncLifetime
{
    public const string Name = "shop-tried";

    private readonly Workspace _workspace = new();

    public string Folder => _workspace.FolderOf("shop");

    public Uri Front { get; } = new("http://localhost:18080/");

    public async ValueTask InitializeAsync()
    {
        Restore();
        (await Tool.MayflyAsync("up", Folder)).Succeeded();
    }

    /// <summary>Brings every file back to what the repository says.</summary>
    public void Restore() => _workspace.Copy(Path.Combine(Tool.Repository, "examples"), "", (file, text) =>
    {
        if (file != "shop/stack.cs")
            return text;
        var own = text.Replace("new Stack(\"shop\"", $"new Stack(\"{Name}\"").Replace("Publishes(8080)", "Publishes(18080)");
        Assert.Contains($"\"{Name}\"", own);
        Assert.Contains("18080", own);
        return own;
    });

    internal async Task<Ended> UpAsync(params string[] options) => await Tool.MayflyAsync(["up", Folder, .. options]);

    public async Task<string> GetAsync(string path = "")
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
        return await client.GetStringAsync(new Uri(Front, path));
    }

    /// <summary>Replaces text in a file of the copy; the text must be there.</summary>
    public void Edit(string file, string from, string to)
    {
        var path = Path.Combine(Folder, file);
        var text = File.ReadAllText(path);
        Assert.Contains(from, text);
        File.WriteAllText(path, text.Replace(from, to));
    }

    public async ValueTask DisposeAsync()
    {
        await Tool.MayflyAsync("down", Folder, "--volumes");
        _workspace.Dispose();
    }
}
