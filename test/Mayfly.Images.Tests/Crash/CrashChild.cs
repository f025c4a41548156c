using System.Diagnostics;
using System.Runtime.CompilerServices;
using Mayfly.Packages;

namespace Mayfly.Images.Tests.Crash;

/// <summary>This very program as a command that builds the tiny image, in a process group of its own.</summary>
internal static class CrashChild
{
    private const string Variable = "MAYFLY_TEST_CRASH";

    /// <param name="store">The store's folder.</param>
    /// <param name="lockPath">The lock.</param>
    /// <param name="mirror">Where its packages are.</param>
    /// <param name="trace">A program and its arguments that run it, such as strace; none for itself.</param>
    public static Process Start(string store, string lockPath, Uri mirror, params string[] trace) =>
        Process.Start(new ProcessStartInfo("setsid", [.. trace, Path.ChangeExtension(typeof(CrashChild).Assembly.Location, null)])
        {
            Environment = { [Variable] = $"{store}\n{lockPath}\n{mirror}", ["DOTNET_TieredPGO"] = "0" },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

#pragma warning disable CA2255 // The tests' program has no entry point of its own to begin in.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Begin()
    {
        // For test/killed/run: which sentences about a store do not hold.
        if (Environment.GetEnvironmentVariable("MAYFLY_TEST_STORE") is { } looked)
        {
            var broken = StoreInvariants.Broken(looked, Environment.GetEnvironmentVariable("MAYFLY_TEST_AT_REST") == "1");
            Console.Out.WriteLine(string.Join('\n', broken));
            Environment.Exit(broken.Count);
        }

        if (Environment.GetEnvironmentVariable(Variable)?.Split('\n') is not [var store, var lockPath, var mirror])
            return;
        try
        {
            Console.Out.WriteLine(TinyDistribution.Build(Store.Open(store), LockFile.Read(lockPath)!, new Uri(mirror)).Digest);
            Environment.Exit(0);
        }
        catch (Exception e)
        {
            // As a verb tells it: what is expected in one line, a bug with its trace.
            Console.Error.WriteLine(HostRefusal.Explain(e) is { } expected ? $"error: {expected.Message}\nhint: {expected.Hint}" : e.ToString());
            Environment.Exit(1);
        }
    }
}
