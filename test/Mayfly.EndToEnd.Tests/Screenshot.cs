namespace Mayfly.EndToEnd.Tests;

/// <summary>What a page looks like in headless Chromium; the picture is kept in <c>artifacts/screenshots</c>.</summary>
internal static class Screenshot
{
    private static readonly string[] Quiet =
    [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--timeout=20000",
    ];

    /// <returns>The page's document as the browser has it after its scripts.</returns>
    public static async Task<string> TakeAsync(Uri page, string name)
    {
        var chromium = new[] { "/usr/bin/chromium" }.FirstOrDefault(File.Exists);
        Assert.SkipWhen(chromium is null, "needs chromium, which this machine lacks");
        var folder = Directory.CreateDirectory(Path.Combine(Tool.Repository, "artifacts", "screenshots"));
        var profile = Directory.CreateTempSubdirectory("mayfly-browser-");
        try
        {
            foreach (var (suffix, size) in new[] { ("", "1280,1600"), ("-phone", "500,1400") })
            {
                var picture = Path.Combine(folder.FullName, $"{name}{suffix}.png");
                File.Delete(picture);
                (await Tool.RunAsync(chromium!, [.. Quiet, $"--user-data-dir={profile.FullName}", $"--window-size={size}", $"--screenshot={picture}", page.ToString()])).Succeeded();
                Assert.True(new FileInfo(picture).Length > 10_000, $"{picture} is as good as empty");
            }

            return (await Tool.RunAsync(chromium!, [.. Quiet, $"--user-data-dir={profile.FullName}", "--dump-dom", page.ToString()])).Succeeded().Output;
        }
        finally
        {
            profile.Delete(recursive: true);
        }
    }
}
