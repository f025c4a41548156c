namespace Mayfly.EndToEnd.Tests.Faults;

/// <summary>Mistakes in <c>stack.cs</c>, found by every verb that reads it, before anything is begun.</summary>
[Collection(OnFaultGround.Name), Trait("needs", "root")]
public sealed class StackFaultTests(FaultGround ground)
{
    [Theory]
    [InlineData("circle", "circle", "store → pages → store")]
    [InlineData("one-name", "two components claim the name pages")]
    [InlineData("one-path", "component pages puts two things at /srv/server.pl")]
    [InlineData("open-quote", "the command `sh -c 'echo` has a ' that is never closed", "hint: close the quote, or pass the words one by one")]
    [InlineData("one-port", "components store and pages both publish port 18087")]
    public async Task What_cannot_work_is_refused_before_anything_is_begun(string fault, params string[] words)
    {
        var before = StoreState.Of(ground.Store, fetched: true);
        foreach (var verb in (string[])["plan", "lock", "graph", "up"])
            (await ground.StackAsync(verb, fault)).Refused(words);
        Assert.Equal(before, StoreState.Of(ground.Store, fetched: true));
        Assert.False(File.Exists(Path.Combine(ground.StackFolder, "stack.lock")));
    }

    [Fact]
    public async Task A_syntax_error_is_told_by_file_and_line_and_nothing_else()
    {
        var script = Path.Combine(ground.StackFolder, "stack.cs");
        var text = await File.ReadAllTextAsync(script);
        try
        {
            var broken = text.Replace("var stack = new Stack(\"faulty\", ", "var stack = new Stack(\"faulty\" ");
            Assert.NotEqual(text, broken);
            await File.WriteAllTextAsync(script, broken);
            var line = text.Split('\n').TakeWhile(one => !one.StartsWith("var stack", StringComparison.Ordinal)).Count() + 1;
            var refused = (await ground.StackAsync("up")).Refused("stack.cs does not compile", $"stack.cs:{line}:", "(CS");
            Assert.DoesNotContain("MSB", refused.Error);
            Assert.True(refused.Error.Split('\n').Length < 12, refused.Error);
        }
        finally
        {
            await File.WriteAllTextAsync(script, text);
        }
    }
}
