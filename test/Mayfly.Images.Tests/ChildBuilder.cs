using System.Diagnostics;
using System.Runtime.CompilerServices;
using Mayfly.Packages;

namespace Mayfly.Images.Tests;

/// <summary>This very program as a builder of its own, to be killed.</summary>
internal static class ChildBuilder
{
    private const string Variable = "MAYFLY_TEST_BUILD";

    public static Process Start(string store, string lockPath) => Start(store, lockPath, "test", []);

    /// <summary>As the last arguments of another program, which gives it another environment.</summary>
    public static Process Start(string store, string lockPath, string set, IReadOnlyList<string> under)
    {
        string[] command = [.. under, Path.ChangeExtension(typeof(ChildBuilder).Assembly.Location, null)];
        return Process.Start(new ProcessStartInfo(command[0], command[1..]) { Environment = { [Variable] = $"{store}:{lockPath}:{set}" } })!;
    }

#pragma warning disable CA2255 // The tests' program has no entry point of its own to begin in.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Begin()
    {
        if (Environment.GetEnvironmentVariable(Variable)?.Split(':') is not [var store, var lockPath, var set])
            return;
        new ImageBuilder(Store.Open(store)).BuildAsync(LockFile.Read(lockPath)!, new ImageRecipe { Name = "child", PackageSet = set }).GetAwaiter().GetResult();
        Environment.Exit(0);
    }
}
