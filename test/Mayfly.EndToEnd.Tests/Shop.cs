namespace Mayfly.EndToEnd.Tests;

/// <summary>A copy of the shop example that tests may edit, live for as long as its tests run.</summary>
public sealed class Shop : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("mayfly-shop-");

    public string Folder => Path.Combine(folder.FullName, "shop");

    public Uri Front { get; } = new("http://localhost:8080/");

    public async ValueTask InitializeAsync()
    {
        Restore();
        (await Tool.MayflyAsync("up", Folder)).Succeeded();
    }

    /// <summary>Brings every file back to what the repository says.</summary>
    public void Restore()
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Tool.Repository, "examples"), "*", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(Path.Combine(Tool.Repository, "examples"), file);
            if (relative.Split('/').Any(part => part is "bin" or "obj" or "__pycache__") || relative.EndsWith("stack.lock", StringComparison.Ordinal))
                continue;
            var copy = Path.Combine(folder.FullName, relative);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            if (!File.Exists(copy) || !File.ReadAllBytes(copy).AsSpan().SequenceEqual(File.ReadAllBytes(file)))
                File.Copy(file, copy, overwrite: true);
        }
    }

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
        folder.Delete(recursive: true);
    }
}
