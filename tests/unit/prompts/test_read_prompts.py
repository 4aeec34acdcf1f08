from instruction_tuning.prompts.alignment_files import read_principles
from instruction_tuning.prompts.files import prompt_of_file, read_prompt
from instruction_tuning.prompts.read_prompts import digest_of, take_read


def test_a_prompt_is_noted_each_time_though_its_file_is_read_once():
    take_read()
    for _ in range(2):
        rating = read_prompt("rating")
        assert [(one.name, one.digest, one.text) for one in take_read()] == [
            ("rating", rating.digest, rating.text)
        ]


def test_looking_at_a_file_is_no_reading():
    take_read()
    prompt_of_file("rating")
    assert take_read() == []


def test_a_file_of_the_users_own_is_noted_by_what_it_holds(tmp_path):
    take_read()
    file = tmp_path / "mine.yml"
    file.write_text("- {name: brief, text: Be brief.}")
    read_principles(file)
    (noted,) = take_read()
    assert (noted.name, noted.digest) == ("principles", digest_of(file.read_text()))
