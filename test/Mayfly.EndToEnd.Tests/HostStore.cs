namespace Mayfly.EndToEnd.Tests;

/// <summary>The store of the host that the tests run on, which outlives them.</summary>
internal static class HostStore
{
    public static string Folder => Environment.GetEnvironmentVariable("MAYFLY_STORE") is { Length: > 0 } named ? named : "/var/lib/mayfly";

    /// <summary>Takes these artifacts out of it, and what it knows of builds.</summary>
    public static void Forget(params string[] digests)
    {
        foreach (var digest in digests)
        {
            File.Delete($"{Folder}/artifacts/{digest}");
            File.Delete($"{Folder}/wheels/{digest}");
            foreach (var known in Directory.GetFiles($"{Folder}/indexes", "built-*").Where(path => File.ReadAllText(path).Contains(digest, StringComparison.Ordinal)))
                File.Delete(known);
        }
    }
}
