using System.Diagnostics;
using System.Runtime.CompilerServices;
using Mayfly.Packages;

namespace Mayfly.Images.Tests;

/// <summary>This very program as a builder of its own, to be killed.</summary>
internal static class ChildBuilder
{
    private const string Variable = "MAYFLY_TEST_BUILD";

    public static Process Start(string store, string lockPath) =>
        Process.Start(new ProcessStartInfo(Path.ChangeExtension(typeof(ChildBuilder).Assembly.Location, null)) { Environment = { [Variable] = $"{store}:{lockPath}" } })!;

#pragma warning disable CA2255 // The tests' program has no entry point of its own to begin in.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Begin()
    {
        if (Environment.GetEnvironmentVariable(Variable)?.Split(':') is not [var store, var lockPath])
            return;
        new ImageBuilder(Store.Open(store)).BuildAsync(LockFile.Read(lockPath)!, new ImageRecipe { Name = "slow", PackageSet = "test" }).GetAwaiter().GetResult();
        Environment.Exit(0);
    }
}
