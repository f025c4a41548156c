using Mayfly.Packages.Python;

namespace Mayfly.Packages.Tests.Python;

/// <summary>What people see who write a dependency wrongly, and what a hostile one may not do.</summary>
public sealed class DependencyTests
{
    [Theory]
    [InlineData("django>=4,<", "'django>=4,<' is no dependency: the end is expected at character 11, before '<'")]
    [InlineData("django >> 4", "'django >> 4' is no dependency: the end is expected at character 8, before '>> 4'")]
    [InlineData("-r more.txt", "'-r more.txt' is no dependency: the name of a project is expected at character 1, before '-r more.txt'")]
    [InlineData("django[", "'django[' is no dependency: the name of an extra is expected at its end")]
    [InlineData("django[bcrypt argon2]", "'django[bcrypt argon2]' is no dependency: a comma or a closing bracket is expected at character 15, before 'argon2]'")]
    [InlineData("django @ somewhere", "'django @ somewhere' is no dependency: an address, such as https://… is expected at character 10, before 'somewhere'")]
    [InlineData("django; python > '3'", "'django; python > '3'' is no dependency: a text in quotation marks or the name of a variable, such as python_version is expected at character 9, before 'python > '3''")]
    [InlineData("django; python_version => '3'", "'django; python_version => '3'' is no dependency: one of == != <= >= < > ~= ===, in, not in is expected at character 24, before '=> '3''")]
    [InlineData("django; (os_name == 'nt'", "'django; (os_name == 'nt'' is no dependency: a closing parenthesis is expected at its end")]
    public void A_wrong_one_is_told_with_its_place(string text, string message)
    {
        var failure = Assert.Throws<MayflyException>(() => DependencySpecifier.Parse(text));
        Assert.Equal(message, failure.Message);
        Assert.NotEmpty(failure.Hint!);
    }

    /// <summary>What a tired user writes, or one who comes from another tool; what the hint says can be read.</summary>
    [Theory]
    [InlineData("django=4.2", "one version is written with two equals signs: django==4.2")]
    [InlineData("Django = 4.2 ; python_version >= '3.8'", "one version is written with two equals signs: Django == 4.2 ; python_version >= '3.8'")]
    [InlineData("requests=>2", "the equals sign comes last: requests>=2")]
    [InlineData("requests=<2,=>1", "the equals sign comes last: requests<=2,>=1")]
    [InlineData("requests=~2.1", "the equals sign comes last: requests~=2.1")]
    [InlineData("web>>2", "that sign is written once: web>2")]
    [InlineData("django 4.2", "a version is written with a sign before it, and one alone with two equals signs: django==4.2")]
    [InlineData("django[argon2] v4.2rc1", "a version is written with a sign before it, and one alone with two equals signs: django[argon2]==4.2rc1")]
    [InlineData("django@4.2", "a version is written with a sign before it, and one alone with two equals signs: django==4.2")]
    [InlineData("django 4.2 ; os_name == 'nt'", "a version is written with a sign before it, and one alone with two equals signs: django==4.2 ; os_name == 'nt'")]
    [InlineData("Django==4.2.*.*", "one star stands for all numbers that follow: Django==4.2.*")]
    [InlineData("django>=4.2.*", "a star goes with == and != alone: django>=4.2")]
    [InlineData("django==4.x", "any number is written as a star: django==4.*")]
    [InlineData("django 4.2.x", "any number is written as a star: django==4.2.*")]
    [InlineData("django~=4", "this sign wants two numbers at least: django~=4.0")]
    [InlineData("django^4.2", "there is no caret, and this means the same: django>=4.2,<5")]
    [InlineData("django@^0.4.2", "there is no caret, and this means the same: django>=0.4.2,<0.5")]
    [InlineData("django~4.2", "the tilde stands before an equals sign, and this means the same: django~=4.2.0")]
    [InlineData("django==latest", "the newest one comes without a version: django")]
    [InlineData("django@latest", "the newest one comes without a version: django")]
    [InlineData("django==*", "the newest one comes without a version: django")]
    [InlineData("django>=4 <5", "a comma stands between two conditions: django>=4,<5")]
    [InlineData("django>=4 and <5", "a comma stands between two conditions: django>=4,<5")]
    [InlineData("django==4,2", "the numbers of a version have points between them: django==4.2")]
    [InlineData("django,", "nothing follows the last comma: django")]
    [InlineData("\"django>=4\"", "quotation marks are for the shell: django>=4")]
    [InlineData("pip install django", "the requirement alone is written: django")]
    [InlineData("django; python_version > 3.8", "what a marker compares with stands in quotation marks: django; python_version > \"3.8\"")]
    [InlineData("django; python_version => '3.8'", "the equals sign comes last: django; python_version >= '3.8'")]
    [InlineData("django; sys_platform = 'win32'", "one version is written with two equals signs: django; sys_platform == 'win32'")]
    [InlineData("django; python > '3.8'", "that is called python_version: django; python_version > '3.8'")]
    [InlineData("django; os_name == 'nt' && python_version > '3.8'", "markers are joined by words: django; os_name == 'nt' and python_version > '3.8'")]
    [InlineData("django; os_name == 'nt' || python_version > '3.8'", "markers are joined by words: django; os_name == 'nt' or python_version > '3.8'")]
    [InlineData("django=4.2.*.*", "one version is written with two equals signs: django==4.2.*")]
    [InlineData("django[", "PEP 508 says how they are written: name[extra]>=1.4,<2; python_version < \"3.13\"")]
    public void What_was_meant_is_said(string text, string hint)
    {
        var failure = Assert.Throws<MayflyException>(() => DependencySpecifier.Parse(text));
        Assert.Equal(hint, failure.Hint);
        if (hint[(hint.IndexOf(": ", StringComparison.Ordinal) + 2)..] is var mended && !hint.StartsWith("PEP", StringComparison.Ordinal))
            _ = DependencySpecifier.Parse(mended);
    }

    [Theory]
    [InlineData("Zope.Interface [ Test , dev_tools ] ( >= 1.0.ALPHA1 , != 1.1.* ) ; python_version<'3.9'", "zope-interface[dev-tools,test]>=1.0a1,!=1.1.*; python_version < \"3.9\"")]
    [InlineData("pip @ https://host.test/pip-1.0-py3-none-any.whl ; os.name=='posix' and(extra=='a'or extra=='b')", "pip @ https://host.test/pip-1.0-py3-none-any.whl ; os_name == \"posix\" and (extra == \"a\" or extra == \"b\")")]
    public void It_is_written_in_one_way(string text, string expected) => Assert.Equal(expected, DependencySpecifier.Parse(text).ToString());

    [Fact]
    public void A_version_that_cannot_be_is_told()
    {
        Assert.Equal("'1.0.x' is no version", Assert.Throws<MayflyException>(static () => PythonVersion.Parse("1.0.x")).Message);
        Assert.Equal("'>=1.0, 2' says no versions", Assert.Throws<MayflyException>(static () => VersionSpecifier.Parse(">=1.0, 2")).Message);
        Assert.Equal("'a b' is no name of a project", Assert.Throws<MayflyException>(static () => ProjectName.Parse("a b")).Message);
    }

    /// <summary>Neither many parentheses nor many clauses may take the stack or the minute.</summary>
    [Fact]
    public void An_absurd_one_is_refused_or_read()
    {
        Assert.Contains("at most 64 parentheses in each other", Assert.Throws<MayflyException>(static () => Marker.Parse(new string('(', 100_000))).Message, StringComparison.Ordinal);
        Assert.Equal(50_000, VersionSpecifier.Parse(string.Join(',', Enumerable.Repeat(">=1", 50_000))).Clauses.Count);
        Assert.True(Marker.Parse(string.Join(" or ", Enumerable.Repeat("'a' == 'a'", 20_000))) is Marker.Any { Markers.Count: 20_000 });
    }

    /// <summary>Whatever stands there, it is read or refused in words.</summary>
    [Fact]
    public void Noise_is_refused_in_words()
    {
        const string Characters = "abcdeprstv019.-_+!*=<>~,;()[]'\"@ \t\\/:#%é\u2028\0";
        var random = new Random(20261126);
        var write = new Spellings(20261126);
        for (var i = 0; i < 30_000; i++)
        {
            var text = i % 2 == 0 ? new string([.. Enumerable.Range(0, random.Next(40)).Select(_ => Characters[random.Next(Characters.Length)])]) : write.Perhaps(write.Perhaps(write.Dependency(), Characters), Characters);
            _ = PythonVersion.TryParse(text);
            _ = VersionSpecifier.TryParse(text);
            _ = WheelName.TryParse(text + WheelName.Extension);
            try
            {
                _ = DependencySpecifier.Parse(text);
            }
            catch (MayflyException e)
            {
                Assert.NotNull(e.Hint);
            }
        }
    }
}
