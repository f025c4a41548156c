using System.Diagnostics;
using System.Globalization;

namespace Mayfly.EndToEnd.Tests.Faults;

/// <summary>
/// SIGKILL at moments that a seed chooses: whatever was under way, the next command finishes the job. <c>MAYFLY_KILLS</c> and
/// <c>MAYFLY_KILL_SEED</c> make it longer or another one.
/// </summary>
[Collection(OnFaultGround.Name), Trait("needs", "root")]
public sealed class KilledTests(FaultGround ground)
{
    private static readonly int Seed = Given("MAYFLY_KILL_SEED", 20261123), Kills = Given("MAYFLY_KILLS", 12);

    private static int Given(string variable, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    [Fact]
    public async Task After_an_up_or_an_agent_that_was_killed_the_next_up_finishes_the_job()
    {
        using var live = new LiveFaulty(ground);
        var random = new Random(Seed);
        // The moments are parts of what a whole one takes here: a slow machine is cut off as early as a fast one.
        (await live.UpAsync("WORD=first")).Succeeded();
        var watch = Stopwatch.StartNew();
        (await live.UpAsync("WORD=second")).Succeeded();
        var whole = watch.Elapsed;
        var cut = 0;
        for (var round = 0; round < Kills; round++)
        {
            // Every fourth time from nothing, else over what is live.
            if (round % 4 == 0)
                await live.MayflyAsync(["down", ground.StackFolder]);
            var before = round % 4 == 0 ? "" : await live.Host.GetAsync(LiveFaulty.Port);
            var word = $"WORD=round{round}";
            using (var up = live.StartUp(word))
            {
                var moment = whole * (0.1 + (0.8 * random.NextDouble()));
                await Task.Delay(moment);
                // Done already: the one that was measured met a busier machine.
                if (up.HasExited)
                    whole = moment * 0.9;
                // The command, the agent, or both at once.
                if (round % 3 != 1)
                    up.Kill(entireProcessTree: true);
                if (round % 3 != 0)
                    Kill(live.Host.Agents());
                await up.WaitForExitAsync();
                cut += up.ExitCode != 0 ? 1 : 0;
            }

            // What was live goes on, old or new, and never neither.
            if (before != "")
                Assert.Contains(await live.Host.GetAsync(LiveFaulty.Port), (string[])[before, $"round{round}"]);
            (await live.UpAsync(word)).Succeeded();
            Assert.Equal($"round{round}", await live.Host.GetAsync(LiveFaulty.Port));
            Assert.Equal(2, (await live.StartedAsync()).Count(row => row.Contains("healthy", StringComparison.Ordinal)));
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{cut} of {Kills} commands were cut off");
        Assert.True(cut >= Kills / 3, $"only {cut} of the commands were cut off");
        Assert.Empty(StoreState.Abandoned(ground.Store));
    }

    [Fact]
    public async Task After_image_builds_that_were_killed_the_next_one_makes_the_same_image()
    {
        var store = Path.Combine(ground.NewFolder(), "store");
        Directory.CreateDirectory(store);
        (await Tool.RunAsync("cp", "-a", Path.Combine(ground.Store, "artifacts"), Path.Combine(ground.Store, "indexes"), store)).Succeeded();
        var random = new Random(Seed);
        for (var round = 0; round < Kills / 2; round++)
        {
            using var build = Tool.Start(Path.Combine(Tool.Repository, "mayfly"), ["image", "build", "--install", "lib", "--name", "tried"], FaultGround.Environment(store, ground.Configuration));
            await Task.Delay(random.Next(300, 1500 + (1500 * (round % 6))));
            build.Kill(entireProcessTree: true);
            await build.WaitForExitAsync();
            Assert.DoesNotContain(store, await File.ReadAllTextAsync("/proc/self/mounts"));
        }

        var done = (await FaultGround.BuildAsync(store, ground.Configuration, "lib")).Succeeded();
        Assert.Equal((await FaultGround.BuildAsync(ground.Store, ground.Configuration, "lib")).Succeeded().Output, done.Output);
        Assert.Empty(StoreState.Abandoned(store));
        Assert.Equal(StoreState.Of(store).Where(IsLayer), StoreState.Of(store).Where(IsLayer).Intersect(StoreState.Of(ground.Store)));

        static bool IsLayer(string entry) => entry.StartsWith("layers/", StringComparison.Ordinal);
    }

    private static void Kill(IReadOnlyList<int> processes)
    {
        foreach (var id in processes)
        {
            try
            {
                using var process = Process.GetProcessById(id);
                process.Kill();
            }
            catch (ArgumentException)
            {
                // It ended by itself.
            }
        }
    }
}
