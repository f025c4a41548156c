namespace Mayfly.EndToEnd.Tests.Faults;

/// <summary>A stack in a host that has a loopback and no other network: what the store has is enough, and so is a depot.</summary>
[Collection(OnFaultGround.Name), Trait("needs", "root")]
public sealed class UnpluggedTests(FaultGround ground)
{
    private static readonly string Mayfly = Path.Combine(Tool.Repository, "mayfly");

    [Fact]
    public async Task From_a_filled_store_or_from_a_depot_a_stack_is_planned_built_and_brought_live_and_its_image_is_the_same()
    {
        var depot = Path.Combine(ground.NewFolder(), "depot");
        string image;
        using (var live = new LiveFaulty(ground))
        {
            (await live.UpAsync()).Succeeded();
            (await live.MayflyAsync(["down", live.StackFolder])).Succeeded();
            var key = Path.Combine(ground.NewFolder(), "depot.key");
            (await live.MayflyAsync(["depot", "key", key])).Succeeded();
            (await live.MayflyAsync(["depot", "publish", live.StackFolder, "--to", depot, "--key", key])).Succeeded();

            var environment = Knowing(ground.Store, ("WORD", "unplugged"));
            // Where there is not even a loopback, also for a plan.
            Assert.Contains("pages", (await live.Host.RunAsync(environment, "unshare", "--net", "--", Mayfly, "plan", live.StackFolder, "--offline")).Succeeded().Output, StringComparison.Ordinal);
            Assert.Equal("", (await live.Host.ShellAsync("cat /proc/net/route | tail -n +2; cat /proc/net/ipv6_route | grep -v ' lo$' || true")).Trim());
            (await live.Host.RunAsync(environment, Mayfly, "up", live.StackFolder, "--offline")).Succeeded();
            Assert.Equal("unplugged", await live.Host.GetAsync(LiveFaulty.Port));
            image = await DigestAsync(environment);
        }

        // The lock went with it: packages are chosen from the depot's index, and every one comes from there.
        using (var live = new LiveFaulty(ground) { Store = Path.Combine(ground.NewFolder(), "store") })
        {
            var environment = Knowing(live.Store, ("WORD", "unplugged"), ("MAYFLY_MIRROR", "none"), ("MAYFLY_DEPOT", depot), ("MAYFLY_DEPOT_KEY", Path.Combine(depot, "depot.asc")));
            Assert.Contains("there is no stack.lock", (await live.Host.RunAsync(environment, "unshare", "--net", "--", Mayfly, "plan", live.StackFolder, "--offline")).Succeeded().Output, StringComparison.Ordinal);
            (await live.Host.RunAsync(environment, Mayfly, "up", live.StackFolder, "--offline")).Succeeded();
            Assert.Equal("unplugged", await live.Host.GetAsync(LiveFaulty.Port));
            Assert.Equal(image, await DigestAsync(environment));

            // A package that neither has is named, and what is live stays.
            var started = await live.StartedAsync();
            File.Delete(Directory.GetFiles(Path.Combine(depot, "pool"), "mawk_*.deb", SearchOption.AllDirectories).Single());
            environment["MAYFLY_STORE"] = Path.Combine(ground.NewFolder(), "other");
            (await live.Host.RunAsync(environment, Mayfly, "image", "build", "--offline")).Refused("the network is not to be used (--offline or MAYFLY_OFFLINE)", "lacks 1 packages: mawk:");
            environment = Knowing(Path.Combine(ground.NewFolder(), "nothing"));
            foreach (var verb in (string[])["plan", "lock", "up"])
            {
                File.Delete(Path.Combine(live.StackFolder, "stack.lock"));
                (await live.Host.RunAsync(environment, Mayfly, verb, live.StackFolder, "--offline")).Refused("the suite bookworm", "cannot be used", "run the command once without --offline");
            }

            Assert.Equal(started, await live.StartedAsync());
        }
    }

    /// <summary>A mirror of which nobody knows the address, and what is named here.</summary>
    private Dictionary<string, string> Knowing(string store, params (string, string)[] more) =>
        FaultGround.Environment(store, ground.Archive.WriteConfiguration(ground.NewFolder(), new Uri("http://mirror.invalid/debian/")), more);

    private static async Task<string> DigestAsync(Dictionary<string, string> environment) =>
        (await Tool.RunAsync(Mayfly, ["image", "inspect", "faulty/pages"], environment)).Succeeded().Output.Split('\n').Single(static line => line.StartsWith("digest", StringComparison.Ordinal));
}
