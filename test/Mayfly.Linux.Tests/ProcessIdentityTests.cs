using System.Globalization;

namespace Mayfly.Linux.Tests;

public sealed class ProcessIdentityTests
{
    [Fact]
    public void A_process_that_ended_gets_no_signal_though_its_number_be_another_s_by_now()
    {
        var self = ProcessIdentity.Of(Environment.ProcessId)!.Value;
        Assert.True(self.Lives);
        Assert.True(self.Signal(0));
        Assert.False((self with { StartTime = self.StartTime - 1 }).Signal(9));
        // Numbers come round (pid_max is 32768 on many hosts), and threads take them too.
        var thread = Directory.EnumerateDirectories("/proc/self/task").Select(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture)).First(id => id != Environment.ProcessId);
        Assert.False(new ProcessIdentity(thread, self.StartTime - 1).Signal(9));
        Assert.False(new ProcessIdentity(int.MaxValue, 1).Signal(9));
    }
}
